"""National eIDs through a broker: the eID that was asked for, what is asked of it, and where it says who somebody is."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from tests.vendors.conformance.benches import BENCHES, CzechBench, EidBench, MojeIdBench, request_of
from vendors.adapters.eid.claims import aml_claims, plain_claims
from vendors.contract import BadConfig, ContractBroken, EidLevel
from vendors.registry import adapter_of

EIDS = sorted({bench.vendor for bench in BENCHES.values() if issubclass(bench, EidBench)} - {"oidc"})
# As the Czech banks' own example shows it: the same names stand outside and are not verified there.
PROFILE = {
    "sub": "s",
    "verified_claims": {
        "verification": {"trust_framework": "cz_aml", "time": None, "verification_process": "45244782"},
        "claims": {
            "given_name": "Jan",
            "family_name": "Novák",
            "birthdate": "1970-08-01",
            "idcards": [{"type": "ID", "country": "CZ", "number": "123456789", "valid_to": "2023-10-11"}],
        },
    },
    "given_name": "Somebody",
    "family_name": "Else",
    "birthdate": "2000-01-01",
}


def said(claims):
    return {claim.name: claim.value for claim in claims}


@pytest.mark.parametrize("vendor", EIDS)
def test_an_eid_is_asked_for_by_its_name_and_for_no_national_number(vendor, simulators):
    adapter = adapter_of(vendor)
    ctx = MojeIdBench(simulators["oidc"]).ctx()
    asked = adapter.asked(ctx, "a purpose")
    assert (asked["acr_values"], asked["prompt"]) == ("urn:test:eid", "login")
    assert "nin" not in asked["scope"].split() and "claims" not in asked
    assert not adapter.manifest.gives_portrait
    assert "contract_required" in adapter.manifest.terms_flags


def test_swedens_says_what_its_terms_forbid():
    assert "no_id_switch" in adapter_of("bankid_se_broker").manifest.terms_flags


def test_another_eid_than_the_one_asked_for_is_no_answer(simulators):
    bench = MojeIdBench(simulators["oidc"])
    ctx = bench.ctx()
    ref = bench.end(ctx, bench.adapter.start(ctx, request_of()), "another_eid")
    with pytest.raises(ContractBroken, match="another_eid"):
        bench.answer(ctx, ref)


def test_two_eids_at_once_cannot_be_asked_for(simulators):
    bench = CzechBench(simulators["oidc"])
    for acr in ("", "idp:one idp:two"):
        ctx = bench.ctx()
        with pytest.raises(BadConfig, match="acr_missing"):
            bench.adapter.start(replace(ctx, config={**ctx.config, "acr": acr}), request_of())


def test_the_czech_answer_is_read_inside_its_verified_claims_alone():
    assert said(aml_claims(PROFILE)) == {
        "given_names": "Jan",
        "family_name": "Novák",
        "birthdate": "1970-08-01",
        "document_type": "idcard",
        "document_number": "123456789",
        "document_country": "CZE",
        "document_expiry": "2023-10-11",
    }
    for changed in (
        {**PROFILE, "verified_claims": None},
        {**PROFILE, "verified_claims": {"verification": {"trust_framework": "eidas"}, "claims": {}}},
        {**PROFILE, "verified_claims": {**PROFILE["verified_claims"], "claims": {}}},
    ):
        with pytest.raises(ContractBroken):
            list(aml_claims(changed))


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"given_name": "", "family_name": "b", "birthdate": "1990-01-01"},
        {"given_name": "a", "family_name": "b", "birthdate": "1990-1-1"},
        {"given_name": "a", "family_name": "b\x00", "birthdate": "1990-01-01"},
    ],
    ids=["nothing", "no given name", "a sloppy date", "a control character"],
)
def test_a_name_or_date_that_is_missing_or_odd_is_a_broken_contract(claims):
    with pytest.raises(ContractBroken):
        list(plain_claims(claims))


@pytest.mark.parametrize("vendor", EIDS)
def test_a_document_and_a_picture_that_an_eid_s_token_speaks_of_are_not_read(vendor, simulators):
    """Evidence of another kind in an eID's answer changes nothing of what the eID is."""
    adapter = adapter_of(vendor)
    ctx = MojeIdBench(simulators["oidc"]).ctx()
    picture = {
        "desc": "portrait",
        "url": "https://elsewhere.example/p",
        "digest": {"alg": "sha-256", "value": "x"},
    }
    evidence = [{"type": "document", "document_details": {"type": "passport"}, "attachments": [picture]}]
    told = dict(
        deepcopy(PROFILE), acr="urn:test:eid", given_name="Jan", family_name="Novák", birthdate="1970-08-01"
    )
    told["verified_claims"]["verification"]["evidence"] = evidence
    snapshot = adapter.read_answer(ctx, None, told, "")
    assert snapshot.media == () and [check.name for check in snapshot.checks] == ["eid"]
    level = EidLevel.SUBSTANTIAL if vendor != "mitid" else None
    assert [said.eid for said in snapshot.assurance] == [level]
