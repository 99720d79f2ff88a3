"""The two hosts that are asked, and the addresses on them. Nothing a tenant enters leads anywhere else."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings

from portal.kit.origins import tenant_url

LOGIN = "https://login.microsoftonline.com"
SERVICE = "https://verifiedid.did.msidentity.com"
SCOPE = "3db474b9-6a0c-4840-96ac-1fceb342124f/.default"
# Of "Verifiable Credentials Service Admin", which keeps the records of cards.
RECORDS_SCOPE = "6a8b4b39-c021-437c-b060-5a14a3fd65f3/.default"
DEEP_LINK = "openid-vc://?request_uri="
_MANIFEST = re.compile(
    r"/v1\.0/tenants/(?P<directory>[0-9a-f-]{36})/verifiableCredentials"
    r"/contracts/(?P<contract>[A-Za-z0-9+/=_-]{1,300})/manifest",
    re.IGNORECASE,
)


def is_simulated() -> bool:
    """Whether the local simulator stands in for Microsoft. Never in production."""
    return bool(settings.ENTRA_SIMULATOR_ORIGIN) and not settings.IS_PRODUCTION


def _origin(real: str) -> str:
    return str(settings.ENTRA_SIMULATOR_ORIGIN) if is_simulated() else real


def token_url(directory: str) -> str:
    # The id was read as a UUID when it was entered; it is read so again before it becomes part of an address.
    return f"{_origin(LOGIN)}/{UUID(directory)}/oauth2/v2.0/token"


def issuance_url() -> str:
    return f"{_origin(SERVICE)}/v1.0/verifiableCredentials/createIssuanceRequest"


def presentation_url() -> str:
    return f"{_origin(SERVICE)}/v1.0/verifiableCredentials/createPresentationRequest"


def records_url(authority_id: str, contract_id: str) -> str:
    place = f"authorities/{UUID(authority_id)}/contracts/{quote(contract_id, safe='')}"
    return f"{_origin(SERVICE)}/v1.0/verifiableCredentials/{place}/credentials"


def contract_id(manifest_url: str) -> str:
    """The contract in a manifest's address; empty when it is none."""
    found = _MANIFEST.fullmatch(urlsplit(manifest_url).path)
    return found["contract"] if found else ""


def manifest_directory(url: str) -> str:
    """The directory in a manifest's address; empty when it is not one of the service's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    found = _MANIFEST.fullmatch(parts.path)
    if found is None or parts.query or parts.fragment:
        return ""
    return found["directory"].lower() if f"{parts.scheme}://{parts.netloc}" == _origin(SERVICE) else ""


def is_own_link(link: str) -> bool:
    """Whether a wallet that follows the link is led to the service and nowhere else."""
    address = link.removeprefix(DEEP_LINK)
    return (
        link.startswith(DEEP_LINK)
        and address.startswith(f"{_origin(SERVICE)}/")
        and re.fullmatch(r"[\x21-\x7e]{1,600}", address) is not None
    )


def callback_url(slug: str, request_id: UUID) -> str:
    return tenant_url(slug, f"/entra/callbacks/{request_id.hex}")
