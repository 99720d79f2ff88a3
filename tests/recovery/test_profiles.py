"""A profile goes into force only if somebody can pass it, and in production only with two kinds of evidence."""

from __future__ import annotations

from itertools import combinations, product
from types import SimpleNamespace

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery.decision import (
    Assurance,
    Evidence,
    Outcome,
    Policy,
    assurance_of,
    decide,
    has_two_independent_kinds,
)
from recovery.profiles import create_profile, publish_profile
from recovery.routes import asked_on
from recovery.statuses import GATHERED, EvidenceKind, Mode, Route
from tenants.directory.matching import MatchOutcome
from tenants.models import Tenant
from vendors import registry
from vendors.contract import Manifest
from vendors.models import Connection

FACELESS: object = None
K = EvidenceKind


def publish(
    tenant: Tenant,
    *kinds: EvidenceKind,
    mode: str = "production",
    connected: bool = True,
    vendor: str = "house",
    **values: str,
) -> str:
    with tenant_scope(tenant.id):
        connection = Connection.objects.filter(vendor=vendor).first() if connected else None
        if connected and connection is None:
            connection = Connection.objects.create(vendor=vendor, kind="free", status="ready")
        made = create_profile(
            name="P",
            mode=mode,
            partners=[connection.id] if connection else [],
            evidence_required=[kind.value for kind in kinds],
            **values,
            actor=SYSTEM,
        )
        try:
            return str(publish_profile(made.id, actor=SYSTEM).status)
        except Invalid as error:
            return error.code


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ((), "profile_asks_nothing"),
        ((K.DOCUMENT_PHOTOGRAPH,), "profile_one_kind"),
        ((K.HELD_ADDRESS,), "profile_one_kind"),
        ((K.HELD_ADDRESS, K.SAVED_CODE), "profile_one_kind"),
        ((K.DOCUMENT_PHOTOGRAPH, K.HELD_ADDRESS), "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.SAVED_CODE), "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.HELD_DOCUMENT_NUMBER), "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.CHIP), "profile_asks_impossible"),
        ((K.HELD_CREDENTIAL, K.HELD_PORTRAIT), "profile_asks_impossible"),
    ],
    ids=lambda value: "+".join(kind.value for kind in value) if isinstance(value, tuple) else value,
)
def test_production_takes_two_kinds_that_do_not_stand_or_fall_together(tenant: Tenant, kinds, told):
    assert publish(tenant, *kinds) == told


def test_evaluation_takes_one_kind_and_no_profile_goes_without_a_partner(tenant: Tenant):
    assert publish(tenant, K.DOCUMENT_PHOTOGRAPH, mode="evaluation") == "published"
    assert publish(tenant, K.HELD_ADDRESS, mode="evaluation", connected=False) == "profile_no_partner"


def test_a_partner_without_a_portrait_that_is_no_eid_is_not_chosen(tenant: Tenant, monkeypatch):
    """Listed as one that looks at documents and hands over no portrait: a face would go missing there."""
    faceless = SimpleNamespace(manifest=Manifest("faceless", "public", gives_portrait=False), listing=None)
    monkeypatch.setattr(f"{__name__}.FACELESS", faceless)
    monkeypatch.setitem(registry.ADAPTERS, "faceless", registry.Entry(f"{__name__}.FACELESS", kind="free"))
    asked = (K.DOCUMENT_PHOTOGRAPH, K.HELD_ADDRESS)
    assert publish(tenant, *asked, vendor="faceless") == "profile_no_portrait"
    assert publish(tenant, *asked, mode="evaluation", vendor="faceless") == "profile_no_portrait"


@pytest.mark.parametrize(
    ("kinds", "mode", "told"),
    [
        ((K.DOCUMENT_PHOTOGRAPH, K.HELD_ADDRESS), "production", "published"),
        ((K.DOCUMENT_PHOTOGRAPH, K.SAVED_CODE), "production", "published"),
        ((K.DOCUMENT_PHOTOGRAPH,), "evaluation", "published"),
        ((K.DOCUMENT_PHOTOGRAPH,), "production", "profile_one_kind"),
        ((K.DOCUMENT_PHOTOGRAPH, K.HELD_DOCUMENT_NUMBER), "evaluation", "profile_eid_shows_no_document"),
    ],
    ids=lambda value: "+".join(kind.value for kind in value) if isinstance(value, tuple) else value,
)
def test_an_eid_takes_the_document_s_place_and_nothing_else_s(tenant: Tenant, kinds, mode, told):
    assert publish(tenant, *kinds, mode=mode, vendor="mojeid") == told


@pytest.mark.parametrize(
    ("vendor", "acr", "level", "told"),
    [
        ("mitid", "urn:grn:authn:dk:mitid:substantial", "substantial", "published"),
        ("mitid", "https://data.gov.dk/concept/core/nsis/High", "high", "published"),
        ("mitid", "urn:grn:authn:dk:mitid:low", "substantial", "profile_eid_level"),
        ("mitid", "urn:grn:authn:dk:mitid", "substantial", "profile_eid_level"),
        ("mitid", "urn:grn:authn:dk:mitid:substantial", "high", "profile_eid_level"),
        ("bankid_cz", "idp:bankid-cz", "substantial", "published"),
        ("bankid_cz", "idp:bankid-cz", "high", "profile_eid_level"),
        ("ftn", "http://ftn.ficora.fi/2017/loa3", "high", "published"),
        ("bankid_se_broker", "urn:grn:authn:se:bankid:low", "substantial", "profile_eid_level"),
        ("mojeid", "idp:mojeid", "unheard of", "profile_eid_level"),
    ],
)
def test_an_eid_below_the_level_that_is_asked_for_is_not_put_into_force(
    tenant: Tenant, vendor, acr, level, told
):
    with tenant_scope(tenant.id):
        Connection.objects.create(vendor=vendor, kind="own_contract", status="ready", config={"acr": acr})
    kinds = (K.DOCUMENT_PHOTOGRAPH, K.HELD_ADDRESS)
    assert publish(tenant, *kinds, vendor=vendor, eid_level=level) == told


def evidence(kinds, *, face_passed, by_eid=False, eid_level="", covers=frozenset()) -> Evidence:
    return Evidence(
        kinds=frozenset(kinds),
        profile_in_force=True,
        person_may_recover=True,
        is_decoy=False,
        credential_is_of_this_case=True,
        credential_is_valid=True,
        face_passed=face_passed,
        match=MatchOutcome.ONE,
        match_reasons=(),
        contradicted=False,
        changed_recently=False,
        many_attempts=False,
        repudiated_recently=False,
        hold_is_over=False,
        account_level=Assurance.IAL1,
        covers=covers,
        by_eid=by_eid,
        eid_level=eid_level,
    )


def all_kinds():
    for size in range(len(EvidenceKind) + 1):
        yield from (frozenset(chosen) for chosen in combinations(EvidenceKind, size))


def test_no_set_of_codes_and_addresses_alone_is_ever_two_kinds_or_ial2():
    for kinds in all_kinds():
        mailed_only = kinds <= {K.HELD_ADDRESS, K.SAVED_CODE}
        if mailed_only or kinds == {K.DOCUMENT_PHOTOGRAPH}:
            assert not has_two_independent_kinds(kinds)
            assert assurance_of(evidence(kinds, face_passed=True)) is Assurance.IAL1
        assert assurance_of(evidence(kinds, face_passed=False)) is Assurance.IAL1
    assert has_two_independent_kinds(GATHERED)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("level", ["", "low", "substantial", "high", "another"])
def test_without_a_face_nothing_passes_but_an_eid_of_enough_level_with_a_second_kind(mode: Mode, level: str):
    """Everything that can be shown, in every combination, with the least that could be asked for."""
    passed = 0
    for kinds, by_eid, held in product(all_kinds(), (False, True), (frozenset(), {K.DOCUMENT_PHOTOGRAPH})):
        shown = evidence(kinds, face_passed=False, by_eid=by_eid, eid_level=level, covers=frozenset(held))
        decision = decide(shown, Policy(mode=mode, required=kinds or frozenset({K.HELD_ADDRESS})))
        if decision.outcome is Outcome.REFUSED:
            continue
        passed += 1
        assert by_eid and not held and level in {"substantial", "high"}
        assert K.EID in kinds and not kinds & {K.DOCUMENT_PHOTOGRAPH, K.CHIP, K.HELD_CREDENTIAL}
        assert len(kinds) >= 2 or mode is Mode.EVALUATION
        # Somebody's word makes two kinds of one, and raises no level.
        assert (decision.assurance is Assurance.IAL2) is (len(kinds - {K.ATTESTATION}) >= 2)
    assert bool(passed) is (level in {"substantial", "high"})


def test_a_face_does_not_lift_an_eid_of_a_lower_level():
    kinds = {K.EID, K.HELD_ADDRESS}
    shown = evidence(kinds, face_passed=True, by_eid=True, eid_level="low")
    decision = decide(shown, Policy(mode=Mode.PRODUCTION, required=frozenset(kinds)))
    assert decision.outcome is Outcome.REFUSED and "eid_level_too_low" in decision.reasons


def test_an_eid_answers_no_question_for_an_address():
    shown = evidence({K.EID, K.PASSKEY}, face_passed=False, by_eid=True, eid_level="high")
    asked = asked_on(Route.EID, frozenset({K.DOCUMENT_PHOTOGRAPH, K.HELD_ADDRESS}))
    decision = decide(shown, Policy(mode=Mode.EVALUATION, required=asked))
    assert decision.reasons == ("missing_held_address",)
