"""What wallets of other makes send and ask for: named clients, credential identifiers, a second format."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id import issuance, offers
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.design import change_card, design_of
from tenants.verified_id.models import Credential
from tenants.verified_id.protocol import jwt_vc
from tenants.verified_id.protocol.credential_offer import PRE_AUTHORIZED_CODE_GRANT
from tenants.verified_id.protocol.did_key import did_jwk, did_key, resolve_did_url
from tenants.verified_id.protocol.did_web import did_document
from tenants.verified_id.protocol.jws import sign_jws
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.publishing import status_token
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import trusted_keys
from tests.conftest import client_of
from tests.holder import FORM, Wallet
from tests.protocol.test_oracle_openvc import ask as ask_openvc
from tests.protocol.world import REFUSING
from tests.verified_id.test_flow import CLAIMS, authority, begin, jpeg, offer

__all__ = ["authority"]
JWT = "VerifiedIdentityJwt"


class OtherWallet(Wallet):
    """Says what it likes in the token request and in its proofs."""

    def token_of(self, made: offers.Offer, **more: str) -> dict[str, Any]:
        sent = {
            "grant_type": PRE_AUTHORIZED_CODE_GRANT,
            "pre-authorized_code": self.offer(made.deep_link).pre_authorized_code,
            **more,
        }
        answer = self.client.post("/openid4vci/token", urlencode(sent), content_type=FORM)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def proof_with(self, header: dict[str, Any], **claims: Any) -> str:
        with tenant_scope(self.tenant.id):
            issuer = get_authority().issuer
        said = {
            "aud": issuer,
            "iat": int(time.time()),
            "nonce": self.client.post("/openid4vci/nonce").json()["c_nonce"],
            **claims,
        }
        return sign_jws(self.signer, typ="openid4vci-proof+jwt", claims=said, header=header, with_kid=False)

    def by_jwk(self, **claims: Any) -> str:
        return self.proof_with({"jwk": dict(self.signer.public_jwk)}, **claims)

    def by_did(self, did: str, **claims: Any) -> str:
        fragment = "0" if did.startswith("did:jwk:") else did.removeprefix("did:key:")
        return self.proof_with({"kid": f"{did}#{fragment}"}, **claims)

    def ask(self, token: str, proof: str, **named: str) -> Any:
        return self.client.post(
            "/openid4vci/credential",
            {**(named or {"credential_configuration_id": "VerifiedIdentity"}), "proofs": {"jwt": [proof]}},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(
    ("named", "said", "outcome"),
    [
        ({"client_id": "wallet-dev"}, {"iss": "wallet-dev"}, 200),
        ({"client_id": "wallet-dev"}, {}, 200),
        ({"client_id": "wallet-dev"}, {"iss": "another"}, 400),
        ({}, {"iss": "wallet-dev"}, 400),
        ({"client_id": "wal\u200blet"}, {"iss": "wal\u200blet"}, 400),
    ],
    ids=["named", "named-silent", "another", "anonymous", "no-identifier"],
)
def test_a_proof_may_name_the_client_of_the_token_request_and_nobody_else(
    authority: Tenant, named: dict[str, str], said: dict[str, str], outcome: int
) -> None:
    wallet = OtherWallet(authority)
    token = wallet.token_of(offer(authority, begin(authority)), **named)["access_token"]
    answer = wallet.ask(token, wallet.by_jwk(**said))
    assert answer.status_code == outcome
    if outcome != 200:
        assert answer.json() == {"error": "invalid_proof"}
        # The token is as it was: a proof without the name is taken.
        assert wallet.ask(token, wallet.by_jwk()).status_code == 200


def test_where_identifiers_were_named_the_configuration_is_no_way_round_them(authority: Tenant) -> None:
    wallet = OtherWallet(authority)
    details = [{"type": "openid_credential", "credential_configuration_id": "VerifiedIdentity"}]
    told = wallet.token_of(offer(authority, begin(authority)), authorization_details=json.dumps(details))
    (identifier,) = told["authorization_details"][0]["credential_identifiers"]
    token = told["access_token"]
    assert refused(wallet.ask(token, wallet.by_jwk())) == (400, "invalid_credential_request")
    assert wallet.ask(token, wallet.by_jwk(), credential_identifier=identifier).status_code == 200


def test_an_identifier_nobody_was_given_is_unknown(authority: Tenant) -> None:
    wallet = OtherWallet(authority)
    token = wallet.token_of(offer(authority, begin(authority)))["access_token"]
    answer = wallet.ask(token, wallet.by_jwk(), credential_identifier="VerifiedIdentity")
    assert refused(answer) == (400, "unknown_credential_identifier")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/jwt", "application/jwt"),
        ("application/jwt, application/json;q=0.9", "application/jwt"),
        ("application/json, application/jwt;q=0.5", "application/json"),
        ("application/jwt;q=0, */*", "application/json"),
        ("*/*", "application/json"),
        ("application/jwt;q=half", "application/json"),
        ("", "application/json"),
    ],
)
def test_metadata_are_signed_for_who_would_rather_have_them_so(authority: Tenant, accept: str, kind: str):
    answer = client_of(authority).get("/.well-known/openid-credential-issuer", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == kind


# The second format ---------------------------------------------------------------------------------------------------


@pytest.fixture
def both_formats(authority: Tenant) -> Tenant:
    with tenant_scope(authority.id):
        change_card(replace(design_of(get_authority()), offers_jwt=True), actor=SYSTEM)
    return authority


def configuration(tenant: Tenant) -> dict[str, Any]:
    told = client_of(tenant).get("/.well-known/openid-credential-issuer").json()
    found: dict[str, Any] = told["credential_configurations_supported"]
    return found


def offered_as_jwt(tenant: Tenant) -> offers.Offer:
    with tenant_scope(tenant.id):
        made = issuance.begin_issuance(claims=CLAIMS, portrait=jpeg(), actor=SYSTEM)
        return offers.make_offer(made.id, configuration_id=JWT)


def take_jwt(wallet: OtherWallet, did: str) -> str:
    token = wallet.token_of(offered_as_jwt(wallet.tenant))["access_token"]
    answer = wallet.ask(token, wallet.by_did(did), credential_configuration_id=JWT)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["credentials"][0]["credential"])


def test_without_the_organisations_choice_there_is_one_format(authority: Tenant) -> None:
    assert list(configuration(authority)) == ["VerifiedIdentity"]
    with pytest.raises(Invalid):
        offered_as_jwt(authority)


def test_the_second_format_is_chosen_with_the_design_and_described(authority: Tenant, staff_client) -> None:
    where = f"/o/{authority.slug}/verified-id/card"
    sent = {"card_title": "Card", "lifetime_days": 90, "offers_jwt": "on"}
    assert staff_client(Role.ADMINISTRATOR, authority).post(where, sent).status_code == 302
    told = configuration(authority)[JWT]
    assert told["format"] == "jwt_vc_json" and "vct" not in told
    assert told["credential_definition"] == {"type": ["VerifiableCredential", "VerifiedIdentity"]}
    assert told["cryptographic_binding_methods_supported"] == ["did:key", "did:jwk"]
    paths = [claim["path"] for claim in told["credential_metadata"]["claims"]]
    assert ["credentialSubject", "firstName"] in paths


@pytest.mark.parametrize("method", [did_jwk, did_key])
def test_a_wallet_gets_a_w3c_credential_that_is_its_own(both_formats: Tenant, method: Any) -> None:
    wallet = OtherWallet(both_formats)
    did = method(wallet.signer.public_jwk)
    text = take_jwt(wallet, did)
    with tenant_scope(both_formats.id):
        known, keys = get_authority(), trusted_keys()
    found = jwt_vc.verify_jwt_credential(
        text,
        trust=Trust(issuers=(known.did,), keys=keys),
        expected_types=[["VerifiedIdentity"]],
        now=int(clock.now().timestamp()),
    )
    assert (found.subject, found.issuer) == (did, known.did)
    subject = found.claims["credentialSubject"]
    assert (subject["firstName"], subject["lastName"], subject["dateOfBirth"]) == (
        "Ada",
        "Example",
        "1990-04-12",
    )
    assert subject["portrait"].startswith("data:image/jpeg;base64,")
    with tenant_scope(both_formats.id):
        assert found.status is not None and found.status.index == Credential.objects.get().status_index


def test_a_bare_key_gets_no_w3c_credential_and_keeps_its_token(both_formats: Tenant) -> None:
    wallet = OtherWallet(both_formats)
    token = wallet.token_of(offered_as_jwt(both_formats))["access_token"]
    answer = wallet.ask(token, wallet.by_jwk(), credential_configuration_id=JWT)
    assert refused(answer) == (400, "invalid_proof")
    other = wallet.ask(token, wallet.by_did(did_jwk(wallet.signer.public_jwk)))
    assert refused(other) == (400, "unknown_credential_configuration")
    did = did_jwk(wallet.signer.public_jwk)
    assert wallet.ask(token, wallet.by_did(did), credential_configuration_id=JWT).status_code == 200


def test_an_organisation_that_thought_better_of_it_issues_none(both_formats: Tenant) -> None:
    wallet = OtherWallet(both_formats)
    token = wallet.token_of(offered_as_jwt(both_formats))["access_token"]
    with tenant_scope(both_formats.id):
        change_card(replace(design_of(get_authority()), offers_jwt=False), actor=SYSTEM)
    did = did_jwk(wallet.signer.public_jwk)
    answer = wallet.ask(token, wallet.by_did(did), credential_configuration_id=JWT)
    assert refused(answer) == (400, "credential_request_denied")


def test_a_verifier_of_another_make_takes_it_from_its_holder(both_formats: Tenant) -> None:
    wallet = OtherWallet(both_formats)
    did = did_jwk(wallet.signer.public_jwk)
    text = take_jwt(wallet, did)
    shown = jwt_vc.build_jwt_presentation(
        signer=wallet.signer,
        holder=resolve_did_url(f"{did}#0", REFUSING),
        credential=text,
        audience="https://verifier.example",
        nonce="n" * 22,
        issued_at=int(time.time()),
    )
    with tenant_scope(both_formats.id):
        known, keys = get_authority(), trusted_keys()
        row = Credential.objects.select_related("status_list").get()

    def told_of(list_token: str) -> dict[str, Any]:
        return ask_openvc(
            "jwt",
            lists={row.status_list.uri: list_token},
            presentation=shown,
            client_id="https://verifier.example",
            nonce="n" * 22,
            document=did_document(known.did, keys=list(keys.values())),
        )

    with tenant_scope(both_formats.id):
        valid = status_token(row.status_list_id)
        revoke_credential(row.id, reason="revoked_by_member", actor=SYSTEM)
        revoked = status_token(row.status_list_id)
    told = told_of(valid)
    assert told.get("holder") == did, told
    assert told["credential"]["credentialSubject"]["lastName"] == "Example"
    assert "evoked" in told_of(revoked).get("error", "")
