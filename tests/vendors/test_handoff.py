"""A partner that hands over a credential of its own, from the list of trusted issuers to the proven person."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import OctKey
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.verified_id import trusting
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.protocol.status_list import StatusReference
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.statuses import status_problem
from tests.vendors.conformance.benches import CANARY, Au10tixBench, request_of
from tests.vendors.conftest import work
from tests.vendors.rest_journey import RestJourney
from vendors import believing, services
from vendors.adapters.handoff import calls
from vendors.adapters.handoff.claims import NEEDED, WANTED
from vendors.believing import Believed, TrustedCredentials, believed_identities
from vendors.catalogue.shelf import find_item
from vendors.contract import ContractBroken, IssuerUntrusted, Outcome, SignatureInvalid, StateMismatch
from vendors.fetching import plan_fetch
from vendors.leases import lock_attempt
from vendors.models import Connection, ProofingAttempt
from vendors.selectors import may_be_used_in_production

AUDIENCE = "readmit"


class HandoffJourney(RestJourney):
    vendor = "au10tix"

    def trust(self, tenant=None) -> TrustedIssuer:
        of = tenant or self.tenant
        with tenant_scope(of.id):
            row = trusting.add_trusted_issuer(
                name="The partner",
                purpose=TrustedIssuer.Purpose.IDENTITY,
                did=self.simulator.config["issuer_did"],
                format="dc+sd-jwt",
                actor=SYSTEM,
            )
        work(of)
        with tenant_scope(of.id):
            return TrustedIssuer.objects.get(id=row.id)

    def connect(self, **changes: str) -> Connection:
        with tenant_scope(self.tenant.id):
            made = services.bring_own_partner(
                self.vendor,
                config=self.simulator.config,
                secrets={**self.simulator.secrets, **changes},
                actor=SYSTEM,
            )
        work(self.tenant)
        with tenant_scope(self.tenant.id):
            return Connection.objects.get(id=made.id)

    def prove(self, connection: Connection, **changes):
        attempt_id = self.begin(connection, **changes)
        self.come_back(self.finish(attempt_id, family=CANARY))
        work(self.tenant)
        return attempt_id


@pytest.fixture
def handing(tenant, simulators):
    return HandoffJourney(tenant, simulators["handoff"])


def test_a_person_is_proven_by_a_credential_of_an_issuer_the_organisation_trusts(handing):
    issuer = handing.trust()
    assert (issuer.state, issuer.domain) == ("trusted", handing.simulator.origin)
    connection = handing.connect()
    assert (connection.status, connection.problems) == ("ready", [])
    proven = handing.take(handing.prove(connection))
    assert proven.claims == {
        "given_names": "Ada",
        "family_name": CANARY,
        "birthdate": "1990-02-01",
        "document_type": "passport",
        "document_number": "P1234567",
        "document_country": "GBR",
        "document_expiry": "2031-01-01",
    }
    assert proven.portrait.startswith(b"\xff\xd8\xff")
    assert [check.name for check in proven.checks] == ["credential"]


@pytest.mark.parametrize(
    "why", ["nobody_is_trusted", "no_domain_vouches", "not_checked_for_a_day", "in_a_jwt"]
)
def test_an_issuer_that_is_not_believed_makes_no_connection(handing, why, monkeypatch):
    if why == "no_domain_vouches":
        handing.simulator.misbehave("domain_unlinked")
    if why != "nobody_is_trusted":
        handing.trust()
    if why == "not_checked_for_a_day":
        with tenant_scope(handing.tenant.id):
            TrustedIssuer.objects.update(checked_at=clock.now() - timedelta(hours=25))
    if why == "in_a_jwt":
        with tenant_scope(handing.tenant.id):
            TrustedIssuer.objects.update(format="jwt_vc_json")
    connection = handing.connect()
    code = {"nobody_is_trusted": "issuer_not_trusted", "in_a_jwt": "issuer_of_another_format"}
    assert connection.status == "failing"
    assert connection.problems[0]["setting"] == "issuer_did"
    assert connection.problems[0]["code"] == code.get(why, "issuer_not_checked")


def test_trust_of_another_organisation_is_no_trust(handing, other_tenant):
    handing.trust(other_tenant)
    with tenant_scope(handing.tenant.id):
        assert not believed_identities().issuers
    assert handing.connect().problems[0]["code"] == "issuer_not_trusted"


def test_whoever_is_not_trusted_any_more_when_the_answer_comes_has_proven_nobody(handing):
    issuer = handing.trust()
    connection = handing.connect()
    attempt_id = handing.begin(connection)
    with tenant_scope(handing.tenant.id):
        trusting.remove_trusted_issuer(issuer.id, actor=SYSTEM)
    handing.come_back(handing.finish(attempt_id))
    work(handing.tenant)
    row = handing.row(attempt_id)
    assert (row.outcome, row.failure_code) == ("partner_failed", "issuer_not_trusted")
    with pytest.raises(Refused):
        handing.take(attempt_id)


@pytest.mark.parametrize(
    "fault", ["another_issuer", "another_holder", "credential_revoked", "shown_before", "another_reference"]
)
def test_a_credential_that_is_not_good_ends_the_attempt_without_a_person_and_without_a_charge(handing, fault):
    handing.trust()
    connection = handing.connect()
    attempt_id = handing.begin(connection)
    handing.simulator.misbehave(fault)
    handing.come_back(handing.finish(attempt_id, family=CANARY))
    work(handing.tenant)
    row = handing.row(attempt_id)
    assert (row.outcome, row.claims_sealed) == ("partner_failed", None)
    assert [event["code"] for event in handing.events(EventName.PROOFING_REFUSED)] == [row.failure_code]
    with pytest.raises(Refused):
        handing.take(attempt_id)


def test_what_a_simulator_hands_over_proves_nobody_of_a_real_case(handing):
    handing.trust()
    connection = handing.connect()
    attempt_id = handing.prove(connection, demonstration=False)
    assert handing.row(attempt_id).failure_code == "sandbox_answer"


def test_a_second_credential_with_another_name_is_an_alarm(handing):
    handing.trust()
    attempt_id = handing.prove(handing.connect())
    handing.simulator.misbehave("contradiction")
    with tenant_scope(handing.tenant.id):
        ProofingAttempt.objects.filter(id=attempt_id).update(fetched_at=None)
        plan_fetch(lock_attempt(attempt_id), clock.now())
    work(handing.tenant)
    assert handing.row(attempt_id).contradicted_at is not None
    with pytest.raises(Refused):
        handing.take(attempt_id)


def test_a_credential_shown_for_one_session_answers_no_other(simulators):
    bench = Au10tixBench(simulators["handoff"])
    ctx = bench.ctx()
    first = bench.end(ctx, bench.adapter.start(ctx, request_of()), "verified")
    second = bench.adapter.start(ctx, replace(request_of(), return_state="t" * 43)).ref
    assert bench.answer(ctx, first).outcome is Outcome.VERIFIED
    with pytest.raises(StateMismatch, match="credential_kb_nonce"):
        bench.answer(ctx, replace(first, state=second.state))
    with pytest.raises(StateMismatch, match="record_of_another_session"):
        bench.answer(ctx, replace(first, attempt_id=second.attempt_id))


def test_none_of_the_three_is_used_in_production_before_the_partner_confirmed_our_profile():
    for vendor in ("au10tix", "idemia_credential", "true_credential"):
        item = find_item(vendor)
        assert item is not None and item.confirmed_on is None
        assert not may_be_used_in_production(vendor)


# ------------------------------------------------------------------ our requests


def test_a_request_is_good_for_one_call_at_one_address(simulators):
    bench = Au10tixBench(simulators["handoff"])
    ctx, simulator = bench.ctx(), bench.simulator
    ref = bench.adapter.start(ctx, request_of()).ref
    path = f"/v1/sessions/{ref.partner_ref}"
    claims = {"sub": ref.partner_ref, "htm": "GET", "htu": simulator.origin + path}
    token = calls.signed(ctx, claims)
    ask = {"Authorization": f"Bearer {token}"}
    assert simulator.ask("DELETE", path, **ask)[0] == 401
    assert simulator.ask("GET", path, **ask)[0] == 401  # once it was seen, it is used up
    assert simulator.ask("GET", path, Authorization=f"Bearer {calls.signed(ctx, claims)}")[0] == 200


def test_a_request_says_what_is_asked_for_and_nothing_of_the_person(simulators):
    bench = Au10tixBench(simulators["handoff"])
    ctx, sent = bench.ctx(), []

    class Listening:
        def send(self, method, url, **rest):
            sent.append((method, url, rest))
            return bench.ctx().http.send(method, url, **rest)

    bench.adapter.start(replace(ctx, http=Listening()), request_of())
    (method, url, rest) = sent[0]
    key = OctKey.import_key(bench.simulator.secrets["client_secret"])
    found = json.loads(jws.deserialize_compact(json.loads(rest["body"])["request"], key).payload)
    assert (method, url) == ("POST", f"{bench.simulator.origin}/v1/sessions")
    assert set(found) == {
        *(
            "iss",
            "aud",
            "iat",
            "exp",
            "jti",
            "reference",
            "return_uri",
            "nonce",
            "dcql_query",
            "locale",
            "purpose",
        )
    }
    assert found["exp"] - found["iat"] == 60 and found["aud"] == f"{bench.simulator.origin}/v1"
    (asked,) = found["dcql_query"]["credentials"]
    assert asked["meta"] == {"vct_values": [trusting.HANDED_OVER]}
    assert asked["claim_sets"] == [[*NEEDED, *WANTED], list(NEEDED)]


# ------------------------------------------------------------------ programs that are not ours


def test_the_reference_of_sd_jwt_verifies_what_the_simulator_shows(simulators):
    bench = Au10tixBench(simulators["handoff"])
    ctx = bench.ctx()
    ref = bench.end(ctx, bench.adapter.start(ctx, request_of()), "verified")
    record = json.loads(calls.about(ctx, "GET", ref.partner_ref).body)
    (shown,) = record["vp_token"]["identity"]
    document = json.loads(bench.simulator.ask("GET", "/.well-known/did.json")[2])
    key = JWK(**document["verificationMethod"][0]["publicKeyJwk"])
    payload = SDJWTVerifier(
        shown, lambda issuer, header: key, AUDIENCE, ref.state["nonce"]
    ).get_verified_payload()
    assert (payload["family_name"], payload["vct"]) == (CANARY, trusting.HANDED_OVER)


DID = "did:web:partner.example"


def shown_by_the_reference(*, holder=None, nonce="n-of-this-session", **changes):
    issuer_key, holder_key = (JWK.generate(kty="EC", crv="P-256") for _ in range(2))
    now = int(time.time())
    claims = {
        "iss": DID,
        "vct": trusting.HANDED_OVER,
        "iat": now,
        "exp": now + 300,
        "status": {"status_list": {"idx": 3, "uri": "https://partner.example/statuses/1"}},
        **{SDObj(name): value for name, value in {"family_name": CANARY, "birthdate": "1990-02-01"}.items()},
        **changes,
    }
    issued = SDJWTIssuer(
        claims, issuer_key, holder_key, extra_header_parameters={"typ": "dc+sd-jwt", "kid": f"{DID}#1"}
    )
    wallet = SDJWTHolder(issued.sd_jwt_issuance)
    wallet.create_presentation(
        {"family_name": True, "birthdate": True}, nonce, AUDIENCE, holder or holder_key
    )
    public = {name: issuer_key[name] for name in ("kty", "crv", "x", "y")}
    return wallet.sd_jwt_presentation, public


def judged(text, public, monkeypatch, *, problem=""):
    monkeypatch.setattr(believing, "status_problem", lambda reference, **rest: problem)
    known = Believed(Trust((DID,), {f"{DID}#1": public}), (trusting.HANDED_OVER,), "https://partner.example")
    return TrustedCredentials({DID: known}).verify(
        {"identity": [text]},
        issuer=DID,
        needed=NEEDED,
        wanted=WANTED,
        nonce="n-of-this-session",
        audience=AUDIENCE,
        now=clock.now(),
    )


def test_a_credential_of_the_reference_is_taken_and_one_of_another_holder_session_or_issuer_is_not(
    monkeypatch,
):
    assert judged(*shown_by_the_reference(), monkeypatch).claims["family_name"] == CANARY
    stranger = JWK.generate(kty="EC", crv="P-256")
    for text_and_key, wanted in (
        (shown_by_the_reference(holder=stranger), SignatureInvalid),
        (shown_by_the_reference(nonce="n-of-another"), StateMismatch),
        (shown_by_the_reference(iss="did:web:somebody.example"), IssuerUntrusted),
        (shown_by_the_reference(vct="urn:example:library-card"), ContractBroken),
    ):
        with pytest.raises(wanted):
            judged(*text_and_key, monkeypatch)
    text, _ = shown_by_the_reference()
    with pytest.raises(SignatureInvalid):
        judged(text, shown_by_the_reference()[1], monkeypatch)


def test_a_credential_whose_status_cannot_be_known_or_lies_elsewhere_is_refused():
    reference = StatusReference("https://elsewhere.example/statuses/1", 3)
    about = {"trust": Trust(), "origin": "https://partner.example"}
    assert status_problem(reference, **about) == "status_elsewhere"
    assert status_problem(None, **about) == "status_missing"
