"""The one directory that the simulator knows: its applications, authority and contract.

All of it is derived from the simulator's own key. The applications differ in what an administrator has granted them, so
that a missing permission can be met before it is met at Microsoft.
"""

from __future__ import annotations

import base64

from django.conf import settings

from portal.sandboxes.microsoft import Application, Directory

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


DIRECTORY = Directory("entra")


def directory() -> str:
    return DIRECTORY.id


def applications() -> tuple[Application, ...]:
    return (
        DIRECTORY.application("Everything is granted", CREATE_ALL, SEARCH, REVOKE),
        DIRECTORY.application("May not see records", CREATE_ALL),
        DIRECTORY.application("May not revoke", CREATE_ALL, SEARCH),
        DIRECTORY.application("May only issue", CREATE_ISSUANCE),
        DIRECTORY.application("May only ask for cards", CREATE_PRESENTATION),
        DIRECTORY.application("Nothing is granted"),
    )


def application(client_id: str) -> Application | None:
    return next((each for each in applications() if each.client_id == client_id.lower()), None)


def authority_id() -> str:
    return DIRECTORY.guid("authority")


def contract_id() -> str:
    return base64.urlsafe_b64encode(DIRECTORY.derived("contract")[:24]).decode()


def manifest_path() -> str:
    return f"/v1.0/tenants/{directory()}/verifiableCredentials/contracts/{contract_id()}/manifest"


def manifest_url() -> str:
    return f"{settings.SANDBOX_ORIGIN}{manifest_path()}"
