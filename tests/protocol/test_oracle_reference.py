"""The reference implementation of SD-JWT's authors (`sd-jwt`) on the other side, in both directions.

It knows RFC 9901 but no credentials, and stamps its key binding with the machine's clock: the one place in these
tests that reads it.
"""

import time

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from tenants.verified_id.protocol import holder, sd_jwt_vc
from tenants.verified_id.protocol.dcql import ClaimQuery, CredentialQuery
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.key_binding import build_kb_jwt
from tenants.verified_id.protocol.sd_jwt_vc import VerifiedPresentation
from tests.protocol.world import CLAIMS, DID, HOLDER, ISSUER, NOW, TRUST, VCT, credential

AUDIENCE, NONCE = "decentralized_identifier:did:web:verifier.example", "n-0123456789abcdefghijkl"
ISSUER_KEY = JWK(**ISSUER.public_jwk, d=b64u((0x1111).to_bytes(32, "big")))
HOLDER_KEY = JWK(**HOLDER.public_jwk, d=b64u((0x2222).to_bytes(32, "big")))


def verify(text: str, now: int) -> VerifiedPresentation:
    return sd_jwt_vc.verify_presentation(
        text,
        trust=TRUST,
        expected_vcts=[VCT],
        expected_nonce=NONCE,
        expected_audience=AUDIENCE,
        now=now,
    )


def reference_credential(now: int) -> str:
    claims = {"iss": DID, "vct": VCT, "iat": now, "exp": now + 100}
    claims |= {SDObj(name): value for name, value in CLAIMS.items()}
    claims[SDObj("address")] = {SDObj("street"): "Main", "countries": ["CZ", SDObj("AT")]}
    issuer = SDJWTIssuer(
        claims,
        ISSUER_KEY,
        HOLDER_KEY,
        add_decoy_claims=True,
        extra_header_parameters={"typ": "dc+sd-jwt", "kid": ISSUER.kid},
    )
    return str(issuer.sd_jwt_issuance)


def test_what_the_reference_issues_and_shows_is_verified_here() -> None:
    now = int(time.time())
    wallet = SDJWTHolder(reference_credential(now))
    asked = {"given_name": True, "portrait": True, "address": {"street": True, "countries": [None, True]}}
    wallet.create_presentation(asked, NONCE, AUDIENCE, HOLDER_KEY)
    shown = verify(wallet.sd_jwt_presentation, now)
    assert shown.claims["given_name"] == CLAIMS["given_name"]
    assert shown.claims["address"] == {"street": "Main", "countries": ["CZ", "AT"]}
    assert shown.credential.disclosed == {"given_name", "portrait", "address", "street"}


def test_what_is_issued_and_shown_here_is_verified_by_the_reference() -> None:
    query = CredentialQuery("id", (VCT,), (ClaimQuery(("family_name",)), ClaimQuery(("evidence",))))
    shown = holder.select_disclosures(credential(decoys=3), query)
    shown += build_kb_jwt(signer=HOLDER, sd_jwt=shown, audience=AUDIENCE, nonce=NONCE, issued_at=NOW)
    verifier = SDJWTVerifier(shown, lambda issuer, header: ISSUER_KEY, AUDIENCE, NONCE)
    payload = verifier.get_verified_payload()
    ours = verify(shown, NOW).claims
    assert payload == ours and payload["family_name"] == "Novak" and "given_name" not in payload


def test_our_wallet_shows_a_credential_of_the_reference() -> None:
    now = int(time.time())
    query = CredentialQuery("id", (VCT,), (ClaimQuery(("address", "countries", 1)),))
    shown = holder.select_disclosures(reference_credential(now), query)
    shown += build_kb_jwt(signer=HOLDER, sd_jwt=shown, audience=AUDIENCE, nonce=NONCE, issued_at=now)
    assert verify(shown, now).claims["address"] == {"countries": ["CZ", "AT"]}


def test_the_wallet_of_the_reference_shows_a_credential_of_ours() -> None:
    now = int(time.time())
    wallet = SDJWTHolder(credential(issued_at=now, expires_at=now + 100, decoys=2))
    wallet.create_presentation({"birthdate": True}, NONCE, AUDIENCE, HOLDER_KEY)
    assert verify(wallet.sd_jwt_presentation, now).claims["birthdate"] == "1980-05-23"
