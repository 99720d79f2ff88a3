"""Credential offer (OpenID4VCI 1.0 section 4.1): what a wallet is told so that it can come and fetch.

An offer is a bearer secret until it is redeemed: its URI is unguessable and short-lived, it carries no personal
data and no transaction code, and it is never signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from tenants.verified_id.protocol.encoding import check_url, to_json

PRE_AUTHORIZED_CODE_GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
OFFER_SCHEME = "openid-credential-offer://"
MEDIA_TYPE = "application/json"


@dataclass(frozen=True)
class TxCode:
    """How the transaction code looks, never the code itself."""

    length: int = 6
    input_mode: Literal["numeric", "text"] = "numeric"
    description: str = ""

    def __post_init__(self) -> None:
        if len(self.description) > 300:
            raise ValueError(
                "a tx_code description has at most 300 characters (OpenID4VCI 1.0 section 4.1.1)"
            )

    def to_object(self) -> dict[str, Any]:
        described = {"description": self.description} if self.description else {}
        return {"input_mode": self.input_mode, "length": self.length, **described}


@dataclass(frozen=True)
class CredentialOffer:
    credential_issuer: str
    credential_configuration_ids: tuple[str, ...]
    pre_authorized_code: str
    tx_code: TxCode | None = None

    def __post_init__(self) -> None:
        ids = self.credential_configuration_ids
        if not ids or len(set(ids)) != len(ids):
            raise ValueError("an offer names at least one configuration, each once (section 4.1.1)")
        check_url(self.credential_issuer)

    def to_object(self) -> dict[str, Any]:
        """The body served at the offer's URI, as `application/json` with `no-store`."""
        grant: dict[str, Any] = {"pre-authorized_code": self.pre_authorized_code}
        if self.tx_code is not None:
            grant["tx_code"] = self.tx_code.to_object()
        return {
            "credential_issuer": self.credential_issuer,
            "credential_configuration_ids": list(self.credential_configuration_ids),
            "grants": {PRE_AUTHORIZED_CODE_GRANT: grant},
        }


def offer_link_by_reference(offer_uri: str, *, wallet: str = OFFER_SCHEME) -> str:
    """Section 4.1.3. `wallet` is the custom scheme or a wallet's own credential offer endpoint."""
    return _link(wallet, "credential_offer_uri", check_url(offer_uri))


def offer_link_by_value(offer: CredentialOffer | Mapping[str, Any], *, wallet: str = OFFER_SCHEME) -> str:
    """Section 4.1.2. The code is in the link: for a link inside one browser, never for a code on a screen."""
    value = offer.to_object() if isinstance(offer, CredentialOffer) else dict(offer)
    return _link(wallet, "credential_offer", to_json(value).decode())


def _link(wallet: str, name: str, value: str) -> str:
    return f"{wallet}{'&' if '?' in wallet else '?'}{name}={quote(value, safe='')}"
