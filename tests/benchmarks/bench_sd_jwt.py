"""How fast credentials are issued and verified, beside the reference implementation, the library inside Credo wallets and
the bare signature.

    python -m tests.benchmarks.bench_sd_jwt

One core, processor time, best of five rounds: seven disclosures, among them a portrait of 20,480 bytes as a data
URI, ES256. Verifying means issuer signature, disclosures and key binding: two signatures. Read the ratios, not the
rates: a machine that is busy or slow changes the rates alone.
"""

import json
import os
import random
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from tenants.verified_id.protocol import sd_jwt_vc
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.key_binding import build_kb_jwt
from tenants.verified_id.protocol.keys import LocalSigner, verify_signature
from tenants.verified_id.protocol.sd_jwt_vc import REFUSING_CREDENTIAL
from tenants.verified_id.protocol.trust import Trust
from tests.peers.installed import node_folder

DID = "did:web:acme.id.example.com"
VCT = "https://acme.id.example.com/types/verified-identity/1"
AUDIENCE, NONCE = f"decentralized_identifier:{DID}", "n-0123456789abcdefghijkl"
ROUNDS, SECONDS = 5, 0.4
PORTRAIT = "data:image/jpeg;base64," + b64encode(random.Random(1).randbytes(20_480)).decode()
CLAIMS = {
    "given_name": "Anna",
    "family_name": "Novak",
    "birthdate": "1980-05-23",
    "portrait": PORTRAIT,
    "assurance_level": "IAL2",
    "evidence": [{"type": "document"}],
    "partner": "house",
}


def rate(work: Callable[[], object]) -> float:
    """Calls in a second of processor time, in the best round."""
    work()
    best = 0.0
    for _ in range(ROUNDS):
        calls, begun = 0, time.process_time()
        while (spent := time.process_time() - begun) < SECONDS:
            work()
            calls += 1
        best = max(best, calls / spent)
    return best


def main() -> None:
    issuer_key, holder_key = (ec.derive_private_key(scalar, ec.SECP256R1()) for scalar in (0x1111, 0x2222))
    issuer, wallet = LocalSigner(issuer_key, kid=f"{DID}#1"), LocalSigner(holder_key)
    reference_issuer = JWK(**issuer.public_jwk, d=b64u((0x1111).to_bytes(32, "big")))
    reference_holder = JWK(**wallet.public_jwk, d=b64u((0x2222).to_bytes(32, "big")))
    now, randbytes = int(time.time()), random.Random(2).randbytes

    def issue() -> str:
        return sd_jwt_vc.issue_credential(
            signer=issuer,
            issuer=DID,
            vct=VCT,
            holder_key=wallet.public_jwk,
            issued_at=now,
            expires_at=now + 1000,
            disclosable=CLAIMS,
            random=randbytes,
            status=None,
        )

    def issue_reference() -> str:
        claims = {"iss": DID, "vct": VCT, "iat": now, "exp": now + 1000}
        hidden = {SDObj(name): value for name, value in CLAIMS.items()}
        header = {"typ": "dc+sd-jwt", "kid": f"{DID}#1"}
        made = SDJWTIssuer(
            claims | hidden, reference_issuer, reference_holder, extra_header_parameters=header
        )
        return str(made.sd_jwt_issuance)

    shown = issue()
    shown += build_kb_jwt(signer=wallet, sd_jwt=shown, audience=AUDIENCE, nonce=NONCE, issued_at=now)
    holder = SDJWTHolder(issue_reference())
    holder.create_presentation(dict.fromkeys(CLAIMS, True), NONCE, AUDIENCE, reference_holder)
    signature = issuer.sign(b"data")

    def verify(text: str) -> sd_jwt_vc.VerifiedPresentation:
        return sd_jwt_vc.verify_presentation(
            text,
            trust=Trust((DID,), {issuer.kid: issuer.public_jwk}),
            expected_vcts=[VCT],
            expected_nonce=NONCE,
            expected_audience=AUDIENCE,
            now=now,
        )

    def verify_reference(text: str) -> object:
        verifier = SDJWTVerifier(text, lambda *_: reference_issuer, AUDIENCE, NONCE)
        return verifier.get_verified_payload()

    # Each side verifies the other's work once, so that nobody is fast by doing less.
    if verify(holder.sd_jwt_presentation).claims["portrait"] != PORTRAIT:
        raise SystemExit("the reference's presentation lost its portrait")
    verify_reference(shown)

    node = node_rates(now)
    if verify(str(node["presentation"])).claims["portrait"] != PORTRAIT:
        raise SystemExit("the presentation made in Node lost its portrait")

    figures = {
        "issue": (rate(issue), rate(issue_reference), node["issue"], rate(lambda: issuer.sign(b"data"))),
        "verify": (
            rate(lambda: verify(shown)),
            rate(lambda: verify_reference(shown)),
            node["verify"],
            rate(
                lambda: verify_signature(issuer.public_jwk, "ES256", b"data", signature, REFUSING_CREDENTIAL)
            )
            / 2,
        ),
    }
    report(figures, len(shown))


def node_rates(now: int) -> dict[str, Any]:
    """What @sd-jwt/sd-jwt-vc does in a second of processor time with the same keys and claims, and a presentation it made."""
    os.environ["CI"] = "true"  # installs the pinned package when it is not there
    asked = {
        "claims": {"iss": DID, "vct": VCT, "iat": now, "exp": now + 1000, **CLAIMS},
        "hidden": list(CLAIMS),
        "kid": f"{DID}#1",
        "audience": AUDIENCE,
        "nonce": NONCE,
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "issuer": secret(0x1111),
        "holder": secret(0x2222),
    }
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("sd_jwt_node.mjs")), str(node_folder())],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def secret(scalar: int) -> dict[str, str]:
    """The whole key as a JWK."""
    public = LocalSigner(ec.derive_private_key(scalar, ec.SECP256R1())).public_jwk
    return {**public, "d": b64u(scalar.to_bytes(32, "big"))}


def report(figures: dict[str, tuple[float, float, float, float]], size: int) -> None:
    lines = [
        f"presentation of {size:,} bytes, 7 disclosures, ES256, best of {ROUNDS} rounds",
        f"{'':8}{'here/s':>10}{'sd-jwt/s':>10}{'node/s':>10}{'bare/s':>10}{'× faster':>10}{'of bare':>10}",
    ]
    for name, (here, reference, node, bare) in figures.items():
        faster = max(reference, node)
        lines.append(
            f"{name:8}{here:10,.0f}{reference:10,.0f}{node:10,.0f}{bare:10,.0f}{here / faster:10.2f}{here / bare:10.1%}"
        )
    lines.append(
        "sd-jwt: the reference in Python; node: @sd-jwt/sd-jwt-vc 0.19.0; × faster: beside the faster of the two"
    )
    lines.append("bare: one signature for issuing, two verifications for verifying, with cryptography alone")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
