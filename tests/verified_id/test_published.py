"""What the authority says of itself: languages, integrity, both ways to name the issuer."""

from __future__ import annotations

import base64
import hashlib

import pytest

from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.claim_names import CLAIM_NAMES, LOCALES, MAY_BE_LEFT_OUT
from tenants.verified_id.models import Authority
from tests.conftest import client_of
from tests.verified_id.test_flow import authority, issued
from tests.verified_id.test_keys import payload_of

__all__ = ["authority"]


def test_a_card_names_the_digest_of_the_type_that_is_served_to_the_byte(authority: Tenant) -> None:
    claims = payload_of(issued(authority).credentials[0].split("~")[0])
    path = claims["vct"].partition("/credentials/")[2]
    served = client_of(authority).get(f"/credentials/{path}").content
    found = "sha256-" + base64.b64encode(hashlib.sha256(served).digest()).decode()
    assert claims["vct#integrity"] == found


def test_the_type_stays_the_same_when_the_tenant_changes_its_card(authority: Tenant) -> None:
    client = client_of(authority)
    before = client.get("/credentials/VerifiedIdentity/1").content
    with tenant_scope(authority.id):
        Authority.objects.update(card_title="Another", left_out=["partner"], card_background="#102030")
    assert client.get("/credentials/VerifiedIdentity/1").content == before


def test_the_words_of_the_first_version_are_kept() -> None:
    """Cards that were issued name the digest of these words: change one, and give the type a new version."""
    words = repr(sorted(CLAIM_NAMES.items())).encode()
    assert hashlib.sha256(words).hexdigest()[:16] == "3d57000f7098e778"


def test_the_card_and_its_claims_are_shown_in_several_languages(authority: Tenant) -> None:
    with tenant_scope(authority.id):
        Authority.objects.update(
            card_title="Badge", card_titles={"de": "Ausweis"}, card_background="#ffffff", left_out=["partner"]
        )
    told = client_of(authority).get("/.well-known/openid-credential-issuer").json()
    shown = told["credential_configurations_supported"]["VerifiedIdentity"]["credential_metadata"]
    assert [(card["locale"], card["name"]) for card in shown["display"]] == [
        ("en", "Badge"),
        ("de", "Ausweis"),
    ]
    assert {card["text_color"] for card in shown["display"]} == {"#000000"}
    names = {claim["path"][0]: [one["locale"] for one in claim["display"]] for claim in shown["claims"]}
    assert names["portrait"] == list(LOCALES) and "partner" not in names


def test_what_the_design_leaves_out_is_not_in_the_card(authority: Tenant) -> None:
    whole = issued(authority).credentials[0].count("~")
    with tenant_scope(authority.id):
        Authority.objects.update(left_out=list(MAY_BE_LEFT_OUT))
    assert issued(authority).credentials[0].count("~") == whole - len(MAY_BE_LEFT_OUT)


@pytest.mark.parametrize(
    "path", ["/.well-known/openid-credential-issuer", "/.well-known/openid-credential-issuer/"]
)
def test_the_issuer_is_found_with_and_without_the_slash_of_its_origin(authority: Tenant, path: str) -> None:
    assert client_of(authority).get(path).status_code == 200


def test_every_endpoint_that_is_named_answers_and_says_no_more_than_the_standard(authority: Tenant) -> None:
    client = client_of(authority)
    told = client.get("/.well-known/openid-credential-issuer").json()
    for name, error in (
        ("credential_endpoint", 401),
        ("deferred_credential_endpoint", 401),
        ("notification_endpoint", 401),
        ("nonce_endpoint", 200),
    ):
        path = told[name].removeprefix(told["credential_issuer"])
        assert client.post(path, "{}", content_type="application/json").status_code == error
    for name in ("credential_request_encryption", "credential_response_encryption"):
        assert told[name]["encryption_required"] is False
    (jwk,) = told["credential_request_encryption"]["jwks"]["keys"]
    assert {"kid", "alg"} <= jwk.keys() and "d" not in jwk
    # Not offered, so not said: keys that a wallet's maker vouches for, or authorization servers of others.
    assert "authorization_servers" not in told
    proofs = [one["proof_types_supported"] for one in told["credential_configurations_supported"].values()]
    assert all(list(one) == ["jwt"] and "key_attestations_required" not in one["jwt"] for one in proofs)
