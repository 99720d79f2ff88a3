"""The two hosts that are asked, and the addresses on them. Nothing a tenant enters, and no answer, leads anywhere else."""

from __future__ import annotations

import re
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings

from tenants.directory.connections.contract import GROUPS, USERS

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
SECURITY_INFO = "https://mysignins.microsoft.com/security-info"
SCOPE = f"{GRAPH}/.default"
# The least that recovery needs. Everything else is not asked for, so that it never comes.
SELECTED = {
    USERS: (
        *("userPrincipalName", "displayName", "givenName", "surname", "mail", "otherMails", "mobilePhone"),
        *("employeeId", "department", "country", "usageLocation", "accountEnabled", "userType"),
    ),
    GROUPS: ("displayName", "members"),
}
LONGEST_LINK = 30_000


def is_simulated() -> bool:
    """Whether the local simulator stands in for Microsoft. Never in production."""
    return bool(settings.GRAPH_SIMULATOR_ORIGIN) and not settings.IS_PRODUCTION


def _origin(real: str) -> str:
    return str(settings.GRAPH_SIMULATOR_ORIGIN) if is_simulated() else real


def token_url(directory: str) -> str:
    # The id was read as a UUID when it was entered; it is read so again before it becomes part of an address.
    return f"{_origin(LOGIN)}/{UUID(directory)}/oauth2/v2.0/token"


def api_url(path: str) -> str:
    """Of the API, for a path that is made here."""
    return f"{_origin(GRAPH)}/v1.0/{path}"


def security_info_url() -> str:
    """Where somebody at Microsoft adds a way to sign in."""
    return f"{settings.GRAPH_SIMULATOR_ORIGIN}/security-info" if is_simulated() else SECURITY_INFO


def first_url(kind: str) -> str:
    """Where a round begins that tells everything."""
    query = urlencode({"$select": ",".join(SELECTED[kind])}, safe="$,")
    return f"{_origin(GRAPH)}/v1.0/{kind}/delta?{query}"


def is_own_link(kind: str, link: str) -> bool:
    """Whether a link in an answer leads on in the same collection: the token would go along to anywhere else."""
    rest = link.removeprefix(f"{_origin(GRAPH)}/v1.0/{kind}/")
    path = re.match(r"(microsoft\.graph\.)?delta(\(\))?\?", rest)
    return (
        rest != link
        and path is not None
        and len(link) <= LONGEST_LINK
        and re.fullmatch(r"[\x21-\x7e]+", link) is not None
    )
