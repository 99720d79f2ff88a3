"""A wallet for tests that talks to the tenant's host over its own endpoints. It keeps one key and many credentials."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from tenants.models import Tenant
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.keys import LocalSigner
from tests.conftest import client_of

FORM = "application/x-www-form-urlencoded"


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def disclosed(credential: str) -> dict[str, Any]:
    """What stands in a credential beside its signed part."""
    found = [part for part in credential.split("~")[1:] if part]
    return {name: value for _salt, name, value in (json.loads(_decoded(part)) for part in found)}


@dataclass
class Wallet:
    tenant: Tenant
    signer: LocalSigner = field(default_factory=lambda: LocalSigner(ec.generate_private_key(ec.SECP256R1())))
    credentials: list[str] = field(default_factory=list)
    notification_id: str = ""
    access_token: str = ""

    @property
    def client(self) -> Client:
        return client_of(self.tenant)

    def offer(self, link: str) -> Any:
        uri = holder.parse_offer_link(link)
        assert isinstance(uri, str)
        answer = self.client.get(path_of(uri))
        return holder.parse_offer(answer.content) if answer.status_code == 200 else answer

    def token(self, offer: Any, tx_code: str | None = None) -> Any:
        return self.client.post(
            "/openid4vci/token", holder.token_request(offer, tx_code=tx_code), content_type=FORM
        )

    def proof(self, issuer: str, nonce: str | None = None) -> str:
        fresh = nonce or self.client.post("/openid4vci/nonce").json()["c_nonce"]
        return holder.build_key_proof(self.signer, issuer=issuer, nonce=fresh, issued_at=int(time.time()))

    def credential(self, token: str, proof: str) -> Any:
        return self.client.post(
            "/openid4vci/credential",
            holder.credential_request("VerifiedIdentity", [proof]),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    def accept(self, link: str, tx_code: str | None = None) -> str:
        """The whole way from an offer link to a kept credential."""
        offer = self.offer(link)
        self.access_token = self.token(offer, tx_code).json()["access_token"]
        answer = self.credential(self.access_token, self.proof(offer.credential_issuer)).json()
        self.credentials.append(answer["credentials"][0]["credential"])
        self.notification_id = answer["notification_id"]
        return self.credentials[-1]

    def notify(self, event: str = "credential_accepted") -> Any:
        return self.client.post(
            "/openid4vci/notification",
            {"notification_id": self.notification_id, "event": event},
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.access_token}"},
        )

    def request(self, link: str, body: str = "", **expected: Any) -> holder.VerifiedRequest:
        """Fetch the request object by POST and verify it with the keys of the tenant's DID document."""
        parsed = holder.parse_request_link(link)
        answer = self.client.post(path_of(parsed.request_uri), body, content_type=FORM)
        assert answer.status_code == 200, answer.content
        document = self.client.get("/.well-known/did.json").json()
        keys = {method["id"]: method["publicKeyJwk"] for method in document["verificationMethod"]}
        return holder.verify_request_object(
            answer.content.decode(),
            expected_client_id=parsed.client_id,
            trusted_keys=keys,
            now=int(time.time()),
            **expected,
        )

    def respond(self, request: holder.VerifiedRequest, credential: str | None = None) -> Any:
        shown = holder.build_vp_token(
            request,
            {request.query.credentials[0].id: credential or self.credentials[-1]},
            signer=self.signer,
            now=int(time.time()),
        )
        return self.client.post(
            path_of(request.response_uri), holder.authorization_response(request, shown), content_type=FORM
        )

    def present(self, link: str, credential: str | None = None) -> str:
        """Show a credential; the address to send the browser back to."""
        answer = self.respond(self.request(link), credential)
        assert answer.status_code == 200, answer.content
        return str(answer.json()["redirect_uri"])
