"""Dynamic client registration (RFC 7591; OpenID Connect Dynamic Client Registration 1.0), reduced to what is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vendors.house.provider import errors
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.metadata import AUTH_METHODS
from vendors.house.provider.parameters import usable_redirect_uri

MAX_REDIRECT_URIS = 10
DEMONSTRATION = "readmit_demonstration"


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str
    demonstration: bool

    def to_json(self) -> dict[str, Any]:
        """The registered metadata, as RFC 7591, 3.2.1 asks it to be returned."""
        shown: dict[str, Any] = {
            "client_name": self.name,
            "redirect_uris": list(self.redirect_uris),
            "token_endpoint_auth_method": self.auth_method,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "id_token_signed_response_alg": "ES256",
            "require_pushed_authorization_requests": True,
        }
        return shown | ({DEMONSTRATION: True} if self.demonstration else {})


def read_client_metadata(
    unverified: Mapping[str, Any], *, plain_loopback: bool, demonstration_allowed: bool
) -> ClientMetadata:
    """1. `redirect_uris`: at least one, each usable (RFC 7591, 2; 5);  2. a name people can read on the consent page;
    3. an authentication method we have, never `none`;  4. only the code flow and ES256;
    5. demonstration clients not in production. Members we do not know are ignored (RFC 7591, 2)."""
    # 1
    uris = unverified.get("redirect_uris")
    if not isinstance(uris, list) or not 0 < len(uris) <= MAX_REDIRECT_URIS:
        raise ProtocolError(errors.INVALID_REDIRECT_URI, "redirect_uris_missing", clause="RFC 7591, 2")
    if not all(usable_redirect_uri(uri, plain_loopback=plain_loopback) for uri in uris):
        raise ProtocolError(errors.INVALID_REDIRECT_URI, "redirect_uri_unusable", clause="RFC 7591, 5")
    # 2
    name = unverified.get("client_name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 120 or not name.isprintable():
        raise _refused("client_name_missing")
    # 3
    method = unverified.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in AUTH_METHODS:
        raise _refused("auth_method_not_supported")
    # 4
    for member, only in (
        ("grant_types", ["authorization_code"]),
        ("response_types", ["code"]),
        ("id_token_signed_response_alg", "ES256"),
    ):
        if unverified.get(member, only) != only:
            raise _refused(f"{member}_not_supported")
    # 5
    demonstration = unverified.get(DEMONSTRATION, False)
    if not isinstance(demonstration, bool):
        raise _refused("demonstration_not_a_boolean")
    if demonstration and not demonstration_allowed:
        raise _refused("demonstration_refused_in_production")
    return ClientMetadata(name.strip(), tuple(dict.fromkeys(uris)), method, demonstration)


def _refused(reason: str) -> ProtocolError:
    return ProtocolError(errors.INVALID_CLIENT_METADATA, reason, clause="RFC 7591, 3.2.2")
