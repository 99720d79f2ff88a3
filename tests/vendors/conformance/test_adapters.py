"""What every adapter must do, whoever its partner is: each scenario and each fault, and nothing said aloud."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tests.vendors.conformance.benches import (
    BENCHES,
    CANARY,
    RETURN_URL,
    STATE,
    EidBench,
    OidcBench,
    RestBench,
    request_of,
)
from vendors import context, registry
from vendors.contract import (
    REFERENCE_CLAIMS,
    Cancels,
    ClaimState,
    Erases,
    Fault,
    Outcome,
    PartnerAuthFailed,
    Phase,
    SessionOver,
)

# What the organisation has on file of whoever is proven on the benches.
EXPECTED = {"given_names": "Zebedee", "family_name": "Expected-Name", "birthdate": "1971-03-09"}
SCENARIOS = [(vendor, name) for vendor, bench in BENCHES.items() for name in bench.scenarios]
RECORDS = [name for name, bench in BENCHES.items() if issubclass(bench, RestBench)]
WITH_KEY = [name for name in RECORDS if BENCHES[name].takes_a_key]
FAULTS = [(vendor, name) for vendor, bench in BENCHES.items() for name in bench.faults]


@pytest.fixture
def bench(request, simulators, provider):
    made = BENCHES[request.node.callspec.params["vendor"]]
    if issubclass(made, OidcBench):
        return made(provider)
    if issubclass(made, EidBench):
        return made(simulators["oidc"])
    return made(simulators[made.simulator_key or made.vendor])


def portrait_of(bench, ctx, ref, snapshot):
    return [bench.adapter.media(ctx, ref, item) for item in snapshot.media]


def request_for(bench):
    """An adapter that our own verifier works for finds its attempt in the database."""
    asked = getattr(bench, "request", lambda asked: asked)(request_of())
    takes = [name for one in bench.adapter.manifest.takes for name in REFERENCE_CLAIMS[one]]
    return replace(asked, expected={name: EXPECTED[name] for name in takes})


def test_every_adapter_is_on_a_bench():
    assert {bench.vendor for bench in BENCHES.values()} == set(registry.ADAPTERS)


@pytest.mark.parametrize(("vendor", "scenario"), SCENARIOS)
def test_each_scenario_becomes_what_it_means_and_says_the_same_twice(bench, vendor, scenario, caplog):
    caplog.set_level(logging.DEBUG)
    expected, ctx = bench.scenarios[scenario], bench.ctx()
    request = request_for(bench)
    started = bench.adapter.start(ctx, request)
    ref = bench.end(ctx, started, scenario)
    first, second = bench.answer(ctx, ref), bench.answer(ctx, ref)
    # Each code is exchanged for a token of its own; a record is one record.
    digest = "" if isinstance(bench, OidcBench | EidBench) else first.evidence_digest
    assert replace(first, evidence_digest=digest) == replace(second, evidence_digest=digest)
    assert (first.phase, first.outcome, first.reasons) == (Phase.DONE, expected.outcome, expected.reasons)
    said = {claim.name: claim.value for claim in first.claims if claim.state is ClaimState.VALUE}
    assert dict(expected.claims).items() <= said.items()
    assert bool(said) == (expected.outcome is Outcome.VERIFIED)
    pictures = portrait_of(bench, ctx, ref, first)
    assert bool(pictures) == expected.portrait
    assert all(picture.startswith(b"\xff\xd8\xff") for picture in pictures)
    spoken = repr([first, started, ref, ctx, first.media]) + caplog.text
    assert not any(word in repr(request) + spoken for word in EXPECTED.values())
    for word in (
        CANARY,
        "P1234567",
        *ctx.secrets.values(),
        started.url,
        *ref.state.values(),
    ):
        assert word not in spoken


@pytest.mark.parametrize(("vendor", "fault"), FAULTS)
def test_no_fault_is_a_pass_or_a_refusal_and_none_quotes_the_partner(
    bench, vendor, fault, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    wanted, code = bench.faults[fault]
    ctx = bench.ctx()
    ref = bench.end(ctx, bench.adapter.start(ctx, request_for(bench)), "verified")
    bench.misbehave(fault)
    if fault == "hang":
        monkeypatch.setattr(context, "TIMEOUT_SECONDS", 0.3)
    with pytest.raises(wanted) as raised:
        portrait_of(bench, ctx, ref, bench.answer(ctx, ref))
    assert type(raised.value) is wanted and raised.value.code == code
    assert raised.value.fault is not Fault.USER
    for word in (CANARY, "P1234567", *ctx.secrets.values()):
        assert word not in f"{raised.value} {raised.value.answered} {caplog.text}"


@pytest.mark.parametrize(
    "vendor", [name for name, bench in BENCHES.items() if getattr(bench, "has_secret", True)]
)
def test_settings_that_are_right_pass_the_test_and_wrong_ones_are_named(bench, vendor):
    ctx = bench.ctx()
    assert list(bench.adapter.check(ctx, return_urls=[RETURN_URL])) == []
    name = next(iter(ctx.secrets))
    bad = bench.ctx()
    bad.secrets[name] = getattr(bench, "wrong_secret", "rk_test_of_another_tenant")
    (problem,) = bench.adapter.check(bad, return_urls=[RETURN_URL])
    assert (problem.setting, bool(problem.answered)) == (name, True)
    with pytest.raises(PartnerAuthFailed):
        bench.adapter.start(bad, request_of())


@pytest.mark.parametrize("vendor", WITH_KEY)
def test_the_same_attempt_started_again_is_the_same_session(bench, vendor):
    ctx, wanted = bench.ctx(), request_of()
    bench.misbehave("answer_lost")
    with pytest.raises(Exception, match="partner_down"):
        bench.adapter.start(ctx, wanted)
    first = bench.adapter.start(ctx, wanted)
    again = bench.adapter.start(ctx, wanted)
    assert first.ref.partner_ref == again.ref.partner_ref
    assert len(bench.simulator.control()["sessions"]) == 1
    assert f"state={STATE}" in bench.simulator.finish(first.url, "verified")


@pytest.mark.parametrize("vendor", WITH_KEY)
def test_what_is_over_is_canceled_as_quietly_as_what_is_not(bench, vendor):
    ctx = bench.ctx()
    assert isinstance(bench.adapter, Cancels)
    started = bench.adapter.start(ctx, request_of())
    for _ in range(2):
        bench.adapter.cancel(ctx, started.ref)
    assert bench.answer(ctx, started.ref).outcome in (Outcome.USER_ABORTED, Outcome.EXPIRED)
    done = bench.adapter.start(ctx, request_of())
    ref = bench.end(ctx, done, "verified")
    bench.adapter.cancel(ctx, ref)
    assert bench.answer(ctx, ref).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("vendor", RECORDS)
def test_a_session_is_erased_once_and_is_nobodys_answer_afterwards(bench, vendor):
    ctx = bench.ctx()
    assert isinstance(bench.adapter, Erases)
    ref = bench.end(ctx, bench.adapter.start(ctx, request_of()), "verified")
    for _ in range(2):
        assert bench.adapter.erase(ctx, ref).complete
    with pytest.raises(SessionOver):
        bench.answer(ctx, ref)
    assert bench.adapter.erase(ctx, replace(ref, partner_ref="nobody_knows_it")).complete


@pytest.mark.parametrize("vendor", RECORDS)
def test_a_simulator_is_a_rehearsal_even_where_it_says_otherwise(bench, vendor):
    bench.misbehave("claims_to_be_live")
    ctx = bench.ctx()
    ref = bench.end(ctx, bench.adapter.start(ctx, request_of()), "verified")
    assert bench.answer(ctx, ref).sandbox


@pytest.mark.parametrize("vendor", RECORDS)
def test_the_key_and_the_person_go_to_the_partners_own_hosts_alone(bench, vendor):
    setting, addresses, code = bench.elsewhere
    for elsewhere in addresses:
        ctx = bench.ctx()
        ctx.config[setting] = elsewhere
        with pytest.raises(Exception, match=code):
            bench.adapter.start(ctx, request_of())
    if bench.vendor == "idemia":  # the page is the tenant's own
        return
    bench.misbehave("link_elsewhere")
    with pytest.raises(Exception, match="link_elsewhere"):
        bench.adapter.start(bench.ctx(), request_of())
