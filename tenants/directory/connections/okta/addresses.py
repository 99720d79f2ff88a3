"""The one host that is asked: the organisation's own at Okta. Nothing an answer says leads anywhere else."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

from django.conf import settings

# What an administrator's address may be: the names that Okta gives out, or a domain of their own that leads there.
_HOST = re.compile(r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
LONGEST_LINK = 4_000
_OBJECT = re.compile(r"[A-Za-z0-9]{10,36}")


def is_simulated() -> bool:
    """Whether the local simulator stands in for Okta. Never in production."""
    return bool(settings.OKTA_SIMULATOR_ORIGIN) and not settings.IS_PRODUCTION


def read_host(text: str) -> str:
    """The host of what somebody typed: a name or an address, of the Admin Console too. ValueError for anything else."""
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = (parts.hostname or "").lower()
    # The Admin Console has a name of its own beside the organisation's.
    host = re.sub(r"-admin(?=\.(okta|oktapreview|okta-emea|okta-gov)\.com$)", "", host)
    if not _HOST.fullmatch(host) or parts.username or (parts.port or 443) != 443:
        raise ValueError("not a host")
    return host


def origin(host: str) -> str:
    return str(settings.OKTA_SIMULATOR_ORIGIN) if is_simulated() else f"https://{read_host(host)}"


def token_url(host: str) -> str:
    return f"{origin(host)}/oauth2/v1/token"


def api_url(host: str, path: str, **query: str) -> str:
    """For a path that is made here."""
    asked = urlencode(query, safe="(),:")
    return f"{origin(host)}/api/v1/{path}" + (f"?{asked}" if asked else "")


def is_own_link(host: str, path: str, link: str) -> bool:
    """Whether a link in an answer leads on in the same collection: the token would go along to anywhere else."""
    return (
        link.startswith(f"{origin(host)}/api/v1/{path}?")
        and len(link) <= LONGEST_LINK
        and re.fullmatch(r"[\x21-\x7e]+", link) is not None
    )


def read_id(unverified: object) -> str:
    """An id of Okta's, before it becomes part of an address. ValueError when it is none."""
    if not isinstance(unverified, str) or not _OBJECT.fullmatch(unverified):
        raise ValueError("not an id")
    return unverified
