"""BankID from the order to the answer, through the real outbox: a code of this second, an app, and nothing kept of a number."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import connection as database

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.client_tls import read_identity
from portal.kit.errors import Unavailable
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.directory.selectors import national_id_digest
from tenants.directory.services import create_person
from tests.conftest import make_tenant
from tests.vendors.conformance.bankid import stranger
from tests.vendors.conftest import completed, work
from tests.vendors.rest_journey import RestJourney
from tests.vendors.test_partner_commands import run
from vendors import selectors, services
from vendors.adapters.bankid_se.orders import birthdate_of
from vendors.contract import ContractBroken
from vendors.models import Connection, ProofingAttempt
from vendors.planning import plan_fetch
from vendors.registry import adapter_of
from vendors.sealing import open_claims

__all__ = ["run"]
NUMBER = "199002012384"
ADDRESS = "203.0.113.9"


@pytest.fixture
def place(simulators):
    return RestJourney(make_tenant(is_demonstration=True), simulators["bankid_se"])


@pytest.fixture
def partner(place):
    made = place.connect()
    assert (made.status, made.problems) == ("ready", [])
    return made


def begin(place, partner, **changes):
    return place.begin(partner, address=ADDRESS, **changes)


def scan(place, attempt_id) -> str:
    with tenant_scope(place.tenant.id):
        code = selectors.code_now(attempt_id)
    assert code is not None
    return place.simulator.scan(code)


def ask_now(place, attempt_id):
    """The plan's next question, without waiting for it."""
    with tenant_scope(place.tenant.id):
        row = ProofingAttempt.objects.select_for_update().get(id=attempt_id)
        row.fetched_at, row.fetch_due_at = None, None
        row.save()
        plan_fetch(row, clock.now())
    work(place.tenant)


def test_somebody_scans_confirms_and_is_proven_without_their_number(place, partner):
    reference = uuid7()
    attempt_id = begin(place, partner, reference=reference)
    state = place.state(attempt_id)
    assert (state.shows_code, state.hint) == (True, "open_app")
    assert state.continue_url.startswith(f"{place.simulator.origin}/app?autostarttoken=")
    order = scan(place, attempt_id)
    ask_now(place, attempt_id)
    ask_now(place, attempt_id)
    assert place.state(attempt_id).hint == "confirm"
    place.simulator.finish_session(order, "verified", given="Grace", family="Hopper")
    ask_now(place, attempt_id)
    assert completed == [(reference, attempt_id)]
    row = place.row(attempt_id)
    assert (row.phase, row.outcome, row.hint, row.address_sealed) == ("done", "verified", "", None)
    assert {check["name"]: check["passed"] for check in row.checks} == {
        "eid": True,
        "same_address": True,
        "risk": True,
    }
    result = place.take(attempt_id)
    assert dict(result.claims) == {"given_names": "Grace", "family_name": "Hopper", "birthdate": "1990-02-01"}
    assert result.portrait is None
    with tenant_scope(place.tenant.id):
        assert result.national_id_digest == national_id_digest(NUMBER, "SWE")
    other = make_tenant()
    with tenant_scope(other.id):
        assert result.national_id_digest != national_id_digest(NUMBER, "SWE")


def test_the_number_rests_nowhere_while_the_answer_waits(place, partner, caplog):
    caplog.set_level("DEBUG")
    attempt_id = begin(place, partner)
    place.simulator.finish_session(scan(place, attempt_id), "verified")
    ask_now(place, attempt_id)
    with tenant_scope(place.tenant.id):
        row = ProofingAttempt.objects.get(id=attempt_id)
        assert NUMBER not in str(open_claims(row))
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT to_jsonb(a)::text FROM vendors_proofingattempt a WHERE id = %s", [attempt_id]
            )
            assert NUMBER not in cursor.fetchone()[0]
            cursor.execute("SELECT coalesce(string_agg(e::text, ''), '') FROM audit_auditevent e")
            assert NUMBER not in cursor.fetchone()[0]
    assert NUMBER not in caplog.text


def test_the_same_number_twice_is_one_answer_and_another_one_contradicts(place, partner):
    attempt_id = begin(place, partner)
    order = scan(place, attempt_id)
    place.simulator.finish_session(order, "verified")
    ask_now(place, attempt_id)
    ask_now(place, attempt_id)
    assert place.row(attempt_id).contradicted_at is None
    place.simulator.misbehave("contradiction")
    ask_now(place, attempt_id)
    assert place.row(attempt_id).contradicted_at is not None


def test_nobody_came_so_the_link_is_over_and_a_new_order_is_made_when_somebody_asks(place, partner):
    attempt_id = begin(place, partner)
    first = place.row(attempt_id).partner_ref
    place.simulator.grow_older(first, 31)
    ask_now(place, attempt_id)
    state = place.state(attempt_id)
    assert (state.phase, state.continue_url) == ("waiting_for_user", None)
    assert place.row(attempt_id).fetch_due_at is None, "nobody asks about an order that is over"
    with tenant_scope(place.tenant.id):
        assert selectors.code_now(attempt_id) is None
        services.renew_link(attempt_id, address="203.0.113.10")
    work(place.tenant)
    second = place.row(attempt_id).partner_ref
    assert second != first and place.row(attempt_id).fetch_due_at is not None
    place.simulator.finish_session(scan(place, attempt_id), "verified")
    ask_now(place, attempt_id)
    assert place.row(attempt_id).outcome == "verified"


def test_whoever_stops_waiting_is_over_here_and_at_bankid(place, partner):
    attempt_id = begin(place, partner)
    order = place.row(attempt_id).partner_ref
    with tenant_scope(place.tenant.id):
        services.give_up_proofing(attempt_id)
        services.give_up_proofing(attempt_id)
    work(place.tenant)
    assert "POST /rp/v6.0/cancel" in place.simulator.calls
    row = place.row(attempt_id)
    assert (row.outcome, row.reasons, row.partner_ref) == ("user_aborted", ["user_cancelled"], order)
    assert len(completed) == 1


@pytest.mark.parametrize(
    ("scenario", "outcome", "reason"),
    [
        ("user_cancel", "user_aborted", "user_cancelled"),
        ("certificate_error", "not_verified", "eid_blocked"),
        ("used_elsewhere", "retry_allowed", "eid_used_elsewhere"),
        ("risk_high", "not_verified", "risk_signal"),
        ("hint_unknown", "partner_failed", "partner_error"),
    ],
)
def test_an_end_that_is_no_yes_has_words_and_no_claims(place, partner, scenario, outcome, reason):
    attempt_id = begin(place, partner)
    place.simulator.finish_session(scan(place, attempt_id), scenario)
    ask_now(place, attempt_id)
    row = place.row(attempt_id)
    assert (row.outcome, row.reasons, row.claims_sealed) == (outcome, [reason], None)


def test_a_browser_that_came_back_from_the_app_hastens_the_question_and_brings_no_answer(place, partner):
    attempt_id = begin(place, partner)
    word = place.url(attempt_id).rpartition("state%3D")[2]
    with pytest.raises(Exception, match="return_not_matched"):
        place.come_back({"state": [word]}, browser=b"another browser")
    place.come_back({"state": [word], "status": ["verified"]})
    assert place.row(attempt_id).phase == "processing"
    for _ in range(3):
        ask_now(place, attempt_id)
    state = place.state(attempt_id)
    assert (state.phase, bool(state.continue_url)) == ("waiting_for_user", True), "the order still stands"


def test_a_partner_that_stops_answering_is_no_pass_and_ends_within_a_minute(place, partner):
    attempt_id = begin(place, partner)
    place.simulator.misbehave("down")
    for _ in range(6):
        ask_now(place, attempt_id)
    row = place.row(attempt_id)
    assert (row.phase, row.outcome) == ("failed", "partner_failed")


@pytest.mark.parametrize("demonstration", [True, False])
def test_a_test_bankid_proves_nothing_where_it_is_not_a_rehearsal(place, partner, demonstration):
    attempt_id = begin(place, partner, demonstration=demonstration)
    place.simulator.finish_session(scan(place, attempt_id), "verified")
    ask_now(place, attempt_id)
    row = place.row(attempt_id)
    assert row.outcome == ("verified" if demonstration else "partner_failed")
    assert row.failure_code == ("" if demonstration else "sandbox_answer")


@pytest.mark.parametrize(
    ("changed", "setting", "code"),
    [
        ("stranger", "identity", "client_certificate_refused"),
        ("no key", "identity", "client_certificate_unusable"),
        ("another root", "server_root", "server_certificate_refused"),
        ("no root", "server_root", "roots_unusable"),
        ("risk", "most_risk", "risk_unknown"),
    ],
)
def test_settings_that_are_wrong_are_named_and_nobody_is_sent(place, changed, setting, code):
    identity, config = place.simulator.secrets["identity"], dict(place.simulator.config)
    if changed == "stranger":
        identity = stranger()
    elif changed == "no key":
        identity = identity.partition("-----BEGIN PRIVATE")[0]
    elif changed == "another root":
        config["server_root"] = stranger().partition("-----BEGIN PRIVATE")[0]
    elif changed == "no root":
        config["server_root"] = "not a certificate"
    else:
        config["most_risk"] = "perhaps"
    with tenant_scope(place.tenant.id):
        made = services.bring_own_partner(
            "bankid_se", config=config, secrets={"identity": identity}, actor=SYSTEM
        )
    work(place.tenant)
    with tenant_scope(place.tenant.id):
        row = Connection.objects.get(id=made.id)
    assert row.status == "failing"
    assert [(problem["setting"], problem["code"]) for problem in row.problems] == [(setting, code)]


def test_certificate_and_key_rest_sealed(place, partner):
    identity = place.simulator.secrets["identity"]
    assert read_identity(identity).subject.startswith("CN=Simulated relying party")
    assert b"PRIVATE KEY" not in bytes(partner.secrets_sealed) and "PRIVATE" not in str(partner.config)


def test_without_the_browsers_address_no_order_is_made(place, partner):
    attempt_id = place.begin(partner)
    assert place.row(attempt_id).failure_code == "address_missing"


def test_numbers_are_read_to_the_digit():
    assert birthdate_of("199002012384") == birthdate_of("199002612381") == "1990-02-01"
    for wrong in ("199002012385", "19900201238", "199013012384", "199002302382", "1990020123８4", ""):
        with pytest.raises(ContractBroken):
            birthdate_of(wrong)


def test_the_app_is_told_what_it_is_for_and_long_purposes_are_not_cut(place, partner):
    adapter = adapter_of("bankid_se")
    assert adapter.manifest.asked_every == timedelta(seconds=2)
    attempt_id = begin(place, partner)
    page = place.simulator.ask("GET", "/app?" + place.url(attempt_id).partition("?")[2])[2].decode()
    assert "Recover your account" in page and f"{place.tenant.slug}.localhost" in page


def test_a_paused_partner_gives_no_order(place, partner):
    with tenant_scope(place.tenant.id):
        services.pause_partner(partner.id, actor=SYSTEM)
        with pytest.raises(Unavailable):
            services.begin_proofing(
                connection_id=partner.id,
                reference=uuid7(),
                browser_digest=b"x" * 32,
                return_url="http://x.localhost/recover/return",
                locale="en",
                purpose="Recover",
                demonstration=True,
                address=ADDRESS,
            )


def test_an_operator_connects_tries_uses_and_reads_it_from_the_command_line(place, run, tmp_path):
    with tenant_scope(place.tenant.id):
        create_person(
            user_name="ada",
            given_names="Ada",
            family_name="Lovelace",
            emails=["ada@acme.example"],
            birthdate=date(1990, 2, 1),
            actor=SYSTEM,
        )
    file = tmp_path / "bankid.json"
    here = ("--tenant", place.tenant.slug, "--vendor", "bankid_se")
    for changes, said in (
        ({"identity": "no certificate"}, "private key"),
        ({"server_root": "no root"}, "not a certificate"),
        ({"strength": "strong"}, "What the app asks for"),
    ):
        file.write_text(json.dumps({**place.simulator.settings, "unit_price": 0.2, **changes}))
        code, _, error = run("connect_vendor", *here, "--config", str(file))
        assert code == 1 and said in error and "PRIVATE KEY" not in error
    file.write_text(json.dumps({**place.simulator.settings, "unit_price": 0.2}))
    code, told, _ = run("connect_vendor", *here, "--config", str(file))
    assert (code, told["status"], told["problems"]) == (0, "ready", [])
    assert run("test_vendor", *here)[0] == 0
    code, begun, _ = run("start_proofing", *here, "--person", "ada")
    assert code == 0 and begun["address"].startswith(f"{place.simulator.origin}/app?autostarttoken=")
    (order,) = place.simulator.control()["sessions"][-1:]
    place.simulator.finish_session(order, "verified")
    work(place.tenant)
    code, told, _ = run("proofing_result", begun["id"])
    assert (code, told["outcome"]) == (0, "verified")
    assert told["claims"]["family_name"] == "Lovelace" and NUMBER not in json.dumps(told)
