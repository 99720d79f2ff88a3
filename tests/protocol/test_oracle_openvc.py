"""`openvc-core` on the other side: it reads our documents and verifies our proofs and encrypted presentations.

It is no dependency of this product and runs in the peers' environment. It judges a credential's `iat` by the
machine's clock, so these tests live in the present.
"""

import json
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tenants.verified_id.protocol import did_web, holder
from tenants.verified_id.protocol.keys import thumbprint
from tests.peers.installed import python_peer
from tests.protocol.test_issuance import OFFER, metadata
from tests.protocol.test_presentation import CLIENT_ID, KEY, NONCE, QUERY, request_object, wallet_reads
from tests.protocol.world import DID, HOLDER, ISSUER, ISSUER_ORIGIN, STRANGER, credential

NOW = int(time.time())


def ask(verb: str, **members: Any) -> dict[str, Any]:
    done = subprocess.run(
        [str(python_peer()), str(Path(__file__).with_name("openvc_peer.py"))],
        input=json.dumps({"verb": verb, "now": NOW, **members}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def encrypted_response() -> str:
    request = wallet_reads(request_object(issued_at=NOW, expires_at=NOW + 300), now=NOW)
    held = credential(issued_at=NOW - 10, expires_at=NOW + 1000)
    vp_token = holder.build_vp_token(request, {"id": held}, signer=HOLDER, now=NOW)
    return parse_qs(holder.authorization_response(request, vp_token).decode())["response"][0]


def response(**changes: Any) -> dict[str, Any]:
    members = {
        "response": encrypted_response(),
        "key": dict(KEY.private_jwk),
        "query": QUERY.to_object(),
        "nonce": NONCE,
        "client_id": CLIENT_ID,
        "document": did_web.did_document(DID, keys=[ISSUER.public_jwk]),
    }
    return ask("response", **(members | changes))


def test_an_encrypted_presentation_of_ours_is_verified_there() -> None:
    answer = response()
    assert "error" not in answer, answer
    assert answer["claims"]["given_name"] == "Anna" and "family_name" not in answer["claims"]


def test_the_peer_refuses_another_nonce_audience_or_issuer_key() -> None:
    assert "error" in response(nonce="another")
    assert "error" in response(client_id=DID)
    assert "error" in response(document=did_web.did_document(DID, keys=[STRANGER.public_jwk]))


def test_a_credential_request_of_ours_is_verified_there() -> None:
    proof = holder.build_key_proof(HOLDER, issuer=ISSUER_ORIGIN, nonce="c", issued_at=NOW)
    request = holder.credential_request("VerifiedIdentity", [proof]).decode()
    answer = ask("proof", request=request, issuer=ISSUER_ORIGIN, nonce="c")
    assert answer == {"thumbprint": thumbprint(HOLDER.public_jwk)}
    assert "error" in ask("proof", request=request, issuer=ISSUER_ORIGIN, nonce="other")


def test_our_metadata_and_offer_are_read_there() -> None:
    answer = ask("documents", metadata=metadata(), offer=OFFER.to_object(), issuer=ISSUER_ORIGIN)
    assert answer == {"issuer": ISSUER_ORIGIN, "ids": ["VerifiedIdentity"]}
