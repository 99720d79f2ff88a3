"""The house partner: the OpenID Connect adapter, and a connection that is made by registration (RFC 7591)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from vendors.adapters.house.listing import LISTING, MANIFEST
from vendors.adapters.oidc.adapter import SANDBOX_MARKER, OidcAdapter
from vendors.adapters.oidc.answers import fault_of, read_object, text_of
from vendors.adapters.oidc.discovery import configured_issuer, find_provider
from vendors.contract import (
    BadConfig,
    Connected,
    ConnectRequest,
    ContractBroken,
    Ctx,
    PartnerAuthFailed,
    StartRequest,
)

TRUST_FRAMEWORK = "readmit_house"


@dataclass(frozen=True, slots=True)
class HouseAdapter(OidcAdapter):
    """`Registers`, on top of what every OpenID Provider does."""

    def own_parameters(self, request: StartRequest) -> dict[str, str]:
        """The reference that the person reads out when they call stands on every page of theirs."""
        return {"case_reference": request.case_reference}

    def connect(self, ctx: Ctx, request: ConnectRequest) -> Connected:
        """Dynamic client registration with an initial access token (RFC 7591, section 3)."""
        token = ctx.secrets.get("registration_token", "")
        if not token:
            raise BadConfig("registration_token_missing", setting="registration_token")
        issuer = configured_issuer(ctx)
        find_provider(ctx)
        metadata: dict[str, object] = {
            "client_name": request.client_name,
            "redirect_uris": list(request.return_urls),
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "id_token_signed_response_alg": "ES256",
        }
        if request.demonstration:
            metadata[SANDBOX_MARKER] = True
        reply = ctx.http.send(
            "POST",
            f"{issuer}/register",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            body=json.dumps(metadata).encode(),
        )
        if reply.status == 401:
            raise PartnerAuthFailed("registration_refused", http_status=401)
        if reply.status not in (200, 201):
            raise fault_of(reply)
        answer = read_object(reply)
        if answer.get("redirect_uris") != list(request.return_urls):
            raise ContractBroken("registered_something_else")
        return Connected(
            config={
                "issuer": issuer,
                "client_id": text_of(answer, "client_id"),
                "trust_framework": TRUST_FRAMEWORK,
            },
            secrets={"client_secret": text_of(answer, "client_secret")},
        )


ADAPTER = HouseAdapter(MANIFEST, LISTING)
