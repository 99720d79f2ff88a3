"""The one directory that the simulator knows: its applications, authority and contract.

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

SERVICE = "3db474b9-6a0c-4840-96ac-1fceb342124f"
CREATE_ALL = "VerifiableCredential.Create.All"
CREATE_ISSUANCE = "VerifiableCredential.Create.IssueRequest"
CREATE_PRESENTATION = "VerifiableCredential.Create.PresentRequest"
# "Verifiable Credentials Service Admin" keeps the records of cards, under permissions of its own.
ADMIN_SERVICE = "6a8b4b39-c021-437c-b060-5a14a3fd65f3"
SEARCH = "VerifiableCredential.Credential.Search"
REVOKE = "VerifiableCredential.Credential.Revoke"
AUTHORITY = "did:web:verifiedid.contoso.example"
TYPE = "VerifiedIdentity"
# A card has these claims (the contract's `outputClaim`s); the first two have to be sent.
REQUIRED_CLAIMS = ("firstName", "lastName")
OPTIONAL_CLAIMS = (
    *("dateOfBirth", "portrait", "assuranceLevel", "verifiedAt", "partner", "documentType"),
    *("documentCountry", "cardId"),
)
PHOTO_CLAIM = "portrait"
# The one claim by which the records are searched.
INDEXED_CLAIM = "cardId"
VALID_SECONDS = 180 * 86_400


@dataclass(frozen=True, slots=True)
class Application:
    name: str
    client_id: str
    roles: tuple[str, ...]
    secret: str = field(repr=False)


def _derived(purpose: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"entra simulator|{purpose}".encode(), hashlib.sha256)


def _guid(purpose: str) -> str:
    return str(UUID(bytes=_derived(purpose)[:16], version=4))


def directory() -> str:
    """The id of the directory (Microsoft's word is tenant)."""
    return _guid("directory")


def _application(name: str, *roles: str) -> Application:
    # Secrets of Microsoft are 40 characters, with a tilde after the sixth.
    text = base64.urlsafe_b64encode(_derived(f"secret|{name}")).decode().rstrip("=")
    return Application(name, _guid(f"application|{name}"), roles, f"sim8Q~{text[:34]}")


def applications() -> tuple[Application, ...]:
    return (
        _application("Everything is granted", CREATE_ALL, SEARCH, REVOKE),
        _application("May not see records", CREATE_ALL),
        _application("May not revoke", CREATE_ALL, SEARCH),
        _application("May only issue", CREATE_ISSUANCE),
        _application("May only ask for cards", CREATE_PRESENTATION),
        _application("Nothing is granted"),
    )


def application(client_id: str) -> Application | None:
    return next((each for each in applications() if each.client_id == client_id.lower()), None)


def authority_id() -> str:
    return _guid("authority")


def contract_id() -> str:
    return base64.urlsafe_b64encode(_derived("contract")[:24]).decode()


def manifest_path() -> str:
    return f"/v1.0/tenants/{directory()}/verifiableCredentials/contracts/{contract_id()}/manifest"


def manifest_url() -> str:
    return f"{settings.SANDBOX_ORIGIN}{manifest_path()}"
