"""A peer of another make: `openvc-core` verifies for test_oracle_openvc.py, in an environment of its own.

Input: one JSON object on stdin. Output: one JSON object with what was verified, or with `error`.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from openvc.did.base import DidDocument, DidResolverRegistry, parse_did_document
from openvc.did.did_jwk import DidJwkResolver
from openvc.errors import OpenvcError
from openvc.keys import P256KeyAgreementKey
from openvc.openid4vci import (
    parse_credential_issuer_metadata,
    parse_credential_offer,
    verify_credential_request_proofs,
)
from openvc.openid4vp import verify_encrypted_vp_response
from openvc.proof.vp_jwt import VpJwtProofSuite
from openvc.resolvers import default_status_list_token_resolver

NONCES: set[str] = set()


class OneDocument:
    """Resolves the one DID it was given the document of."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def supports(self, did: str) -> bool:
        return bool(did == self._document["id"])

    def resolve(self, did: str) -> DidDocument:
        return parse_did_document(self._document)


def take(nonce: str) -> bool:
    live = nonce in NONCES
    NONCES.discard(nonce)
    return live


def main(asked: dict[str, Any]) -> dict[str, Any]:
    now = datetime.fromtimestamp(asked["now"], UTC)
    if asked["verb"] == "documents":
        metadata = parse_credential_issuer_metadata(asked["metadata"])
        offer = parse_credential_offer(asked["offer"])
        return {"issuer": metadata.credential_issuer, "ids": list(offer.credential_configuration_ids)}
    if asked["verb"] == "proof":
        NONCES.add(asked["nonce"])
        (proof,) = verify_credential_request_proofs(
            asked["request"], credential_issuer=asked["issuer"], check_nonce=take, now=now
        )
        return {"thumbprint": proof.thumbprint}
    if asked["verb"] == "jwt":
        known = DidResolverRegistry([OneDocument(asked["document"]), DidJwkResolver()])
        shown = VpJwtProofSuite().verify(
            asked["presentation"],
            audience=asked["client_id"],
            nonce=asked["nonce"],
            resolver=known,
            require_holder_binding=True,
            # Where the credential names a list, this lies at its address.
            resolve_status_list_token=default_status_list_token_resolver(
                resolver=known, fetch=asked.get("lists", {}).__getitem__
            ),
        )
        (credential,) = shown.credentials
        return {"holder": shown.holder, "format": credential.format, "credential": credential.credential}
    verified = verify_encrypted_vp_response(
        asked["response"],
        key=P256KeyAgreementKey.from_jwk(asked["key"], asked["key"]["kid"]),
        dcql_query=asked["query"],
        nonce=asked["nonce"],
        client_id=asked["client_id"],
        resolver=DidResolverRegistry([OneDocument(asked["document"]), DidJwkResolver()]),
        now=now,
        require_holder_binding=True,
    )
    (presentation,) = verified.for_query(asked["query"]["credentials"][0]["id"])
    return {"claims": dict(presentation.raw.claims)}


try:
    answer = main(json.load(sys.stdin))
except OpenvcError as error:
    answer = {"error": f"{type(error).__name__}: {error}"}
sys.stdout.write(json.dumps(answer, default=str))
