"""An independent relying party: standard library and joserfc, nothing of the provider's code."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.house.http import Answer, send

RETURN = "https://rp.example/return"
ASKED: dict[str, Any] = {
    "id_token": {
        "verified_claims": {
            "verification": {
                "trust_framework": {"value": "readmit_house"},
                "assurance_level": None,
                "evidence": [
                    {
                        "type": {"value": "document"},
                        "check_details": None,
                        "document_details": {
                            "type": None,
                            "document_number": None,
                            "date_of_expiry": None,
                            "issuer": {"country": None},
                        },
                        "attachments": None,
                    }
                ],
            },
            "claims": {"given_name": None, "family_name": None, "birthdate": None},
        }
    }
}


@dataclass
class Journey:
    """What the relying party remembers between its request and the return."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    request_uri: str = ""

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class RelyingParty:
    def __init__(self, origin: str, registered: dict[str, Any]) -> None:
        self.origin = origin
        self.registered = registered
        self.client_id: str = registered["client_id"]
        self.secret: str = registered["client_secret"]
        self.metadata = send("GET", f"{origin}/.well-known/openid-configuration").json()

    @classmethod
    def register(cls, origin: str, token: str, **metadata: Any) -> RelyingParty:
        answer = send_registration(
            origin, token, {"client_name": "Acme Corporation", "redirect_uris": [RETURN], **metadata}
        )
        assert answer.status == 201, answer.text
        return cls(origin, answer.json())

    @property
    def basic(self) -> dict[str, str]:
        pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def parameters(self, journey: Journey, **changes: str | None) -> dict[str, str]:
        made: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": RETURN,
            "scope": "openid",
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
            "claims": json.dumps(ASKED),
            "case_reference": "K7QM-3XWT",
        }
        return {name: value for name, value in (made | changes).items() if value is not None}

    def push(self, journey: Journey, **changes: str | None) -> Answer:
        return send(
            "POST",
            self.metadata["pushed_authorization_request_endpoint"],
            headers=self.basic,
            form=self.parameters(journey, **changes),
        )

    def begin(self, **changes: str | None) -> tuple[Journey, str]:
        """A journey and the address the browser is sent to."""
        journey = Journey()
        answer = self.push(journey, **changes)
        assert answer.status == 201, answer.text
        journey.request_uri = answer.json()["request_uri"]
        return journey, self.authorize_url(journey)

    def authorize_url(self, journey: Journey) -> str:
        query = urlencode({"client_id": self.client_id, "request_uri": journey.request_uri})
        return f"{self.metadata['authorization_endpoint']}?{query}"

    def read_return(self, journey: Journey, link: str) -> str:
        """RFC 9207 and state; the code."""
        assert link.startswith(RETURN)
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        assert query["state"] == journey.state
        assert query["iss"] == self.metadata["issuer"]
        assert "error" not in query, query
        return query["code"]

    def exchange(self, journey: Journey, code: str, /, **changes: str | None) -> Answer:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": RETURN,
            "code_verifier": journey.verifier,
        }
        kept = {name: value for name, value in (form | changes).items() if value is not None}
        return send("POST", self.metadata["token_endpoint"], headers=self.basic, form=kept)

    def verify(self, journey: Journey, id_token: str) -> dict[str, Any]:
        """OpenID Connect Core 3.1.3.7."""
        keys = KeySet.import_key_set(send("GET", self.metadata["jwks_uri"]).json())
        token = jwt.decode(id_token, keys, algorithms=["ES256"])
        claims = dict(token.claims)
        checks = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.metadata["issuer"]},
            aud={"essential": True, "value": self.client_id},
            nonce={"essential": True, "value": journey.nonce},
            exp={"essential": True},
        )
        checks.validate(claims)
        return claims

    def fetch(self, attachment: dict[str, Any]) -> Answer:
        return send(
            "GET", attachment["url"], headers={"Authorization": f"Bearer {attachment['access_token']}"}
        )


def send_registration(origin: str, token: str | None, metadata: object) -> Answer:
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return send("POST", f"{origin}/register", headers=headers, body=json.dumps(metadata).encode())
