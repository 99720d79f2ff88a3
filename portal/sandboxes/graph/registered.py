"""The one directory that the simulator knows, and its applications.

All of it is derived from the simulator's own key. The applications differ in what an administrator has granted them, so
that a missing permission can be met before it is met at Microsoft.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

RESOURCE = "https://graph.microsoft.com"
READ_PEOPLE = "User.Read.All"
READ_GROUPS = "GroupMember.Read.All"
METHODS = "UserAuthenticationMethod.ReadWrite.All"
POLICY = "Policy.Read.All"
SESSIONS = "User.RevokeSessions.All"


@dataclass(frozen=True, slots=True)
class Application:
    name: str
    client_id: str
    roles: tuple[str, ...]
    secret: str = field(repr=False)
    has_expired_secret: bool = False


def _derived(purpose: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"graph simulator|{purpose}".encode(), hashlib.sha256)


def guid(purpose: str) -> str:
    return str(UUID(bytes=_derived(purpose)[:16], version=4))


def directory() -> str:
    """The id of the directory (Microsoft's word is tenant)."""
    return guid("directory")


def _application(name: str, *roles: str, has_expired_secret: bool = False) -> Application:
    # Secrets of Microsoft are 40 characters, with a tilde after the sixth.
    text = base64.urlsafe_b64encode(_derived(f"secret|{name}")).decode().rstrip("=")
    return Application(
        name, guid(f"application|{name}"), roles, f"sim8Q~{text[:34]}", has_expired_secret=has_expired_secret
    )


def applications() -> tuple[Application, ...]:
    return (
        _application("Everything is granted", READ_PEOPLE, READ_GROUPS, METHODS, POLICY, SESSIONS),
        _application("May only read people and groups", READ_PEOPLE, READ_GROUPS),
        _application("May not read the policy", READ_PEOPLE, READ_GROUPS, METHODS, SESSIONS),
        _application("May not end sessions", READ_PEOPLE, READ_GROUPS, METHODS, POLICY),
        _application("May only read people", READ_PEOPLE),
        _application("May only read groups", READ_GROUPS),
        _application("Nothing is granted"),
        _application("Its secret has expired", READ_PEOPLE, READ_GROUPS, has_expired_secret=True),
    )


def application(client_id: str) -> Application | None:
    return next((each for each in applications() if each.client_id == client_id.lower()), None)
