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

from tenants.verified_id.protocol import did_web, holder, jwt_vc
from tenants.verified_id.protocol.did_key import did_jwk, resolve_did_url
from tenants.verified_id.protocol.keys import LocalSigner, thumbprint
from tests.peers.installed import python_peer
from tests.protocol.test_issuance import OFFER, metadata
from tests.protocol.test_presentation import CLIENT_ID, KEY, NONCE, QUERY, request_object, wallet_reads
from tests.protocol.world import DID, HOLDER, ISSUER, ISSUER_ORIGIN, REFUSING, STRANGER, credential


def now() -> int:
    """Asked in each test: the suite takes longer than what is signed here lives."""
    return int(time.time())


def ask(verb: str, **members: Any) -> dict[str, Any]:
    done = subprocess.run(
        [str(python_peer()), str(Path(__file__).with_name("openvc_peer.py"))],
        input=json.dumps({"verb": verb, "now": now(), **members}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def encrypted_response() -> str:
    request = wallet_reads(request_object(issued_at=now(), expires_at=now() + 300), now=now())
    held = credential(issued_at=now() - 10, expires_at=now() + 1000)
    vp_token = holder.build_vp_token(request, {"id": held}, signer=HOLDER, now=now())
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
    proof = holder.build_key_proof(HOLDER, issuer=ISSUER_ORIGIN, nonce="c", issued_at=now())
    request = holder.credential_request("VerifiedIdentity", [proof]).decode()
    answer = ask("proof", request=request, issuer=ISSUER_ORIGIN, nonce="c")
    assert answer == {"thumbprint": thumbprint(HOLDER.public_jwk)}
    assert "error" in ask("proof", request=request, issuer=ISSUER_ORIGIN, nonce="other")


def test_our_metadata_and_offer_are_read_there() -> None:
    answer = ask("documents", metadata=metadata(), offer=OFFER.to_object(), issuer=ISSUER_ORIGIN)
    assert answer == {"issuer": ISSUER_ORIGIN, "ids": ["VerifiedIdentity"]}


def test_it_verifies_a_credential_in_a_jwt_shown_by_the_did_it_was_issued_to() -> None:
    wallet = resolve_did_url(did_jwk(HOLDER.public_jwk) + "#0", REFUSING)
    card = jwt_vc.issue_jwt_credential(
        signer=ISSUER,
        issuer=DID,
        types=["VerifiedEmployee"],
        subject=wallet.did,
        jti="urn:uuid:0190a7c0-0000-7000-8000-000000000001",
        issued_at=now() - 10,
        expires_at=now() + 1000,
        claims={"displayName": "Megan Bowen"},
        status=None,
    )

    def shown(signer: LocalSigner) -> dict[str, Any]:
        presented = jwt_vc.build_jwt_presentation(
            signer=signer, holder=wallet, credential=card, audience=CLIENT_ID, nonce=NONCE, issued_at=now()
        )
        return ask(
            "jwt",
            presentation=presented,
            nonce=NONCE,
            client_id=CLIENT_ID,
            document=did_web.did_document(DID, keys=[ISSUER.public_jwk]),
        )

    read = shown(HOLDER)
    assert "error" not in read, read
    assert (read["holder"], read["format"]) == (wallet.did, "vc-jwt")
    assert "Megan Bowen" in json.dumps(read["credential"])
    assert "error" in shown(STRANGER)
