"""Every move at every status: a legal one happens once and is written down once, an illegal one changes nothing."""

from __future__ import annotations

import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.kit.errors import IllegalMove
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.cases import TERMINAL, create_case, move_case
from recovery.models import Case, Profile
from recovery.statuses import KEPT_CARD, MOVES, CaseStatus
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tests.conftest import make_tenant

Statuses = st.sampled_from(list(CaseStatus))


@pytest.fixture(scope="module")
def world() -> tuple[Tenant, Profile]:
    tenant = make_tenant()
    with tenant_scope(tenant.id):
        return tenant, Profile.objects.create(name="Everyone", status="published")


def new_case(profile: Profile, status: CaseStatus) -> Case:
    case = create_case(profile=profile, person=None, decoy_reason="unknown", browser_digest=uuid7().bytes * 2)
    Case.objects.filter(id=case.id).update(status=status.value)
    return case


def moves_of(case: Case) -> list[dict[str, object]]:
    return [
        event.data
        for event in AuditEvent.objects.filter(case_id=case.id, name="recovery:case:move").order_by("id")
    ]


def endings_of(case: Case) -> int:
    outbox = apps.get_model("tenants", "Outbox")
    return int(outbox.objects.filter(topic="recovery.case_ended", payload__case_id=str(case.id)).count())


def state(case: Case) -> tuple[object, ...]:
    row = Case.objects.get(id=case.id)
    return row.status, row.reasons, row.ended_at, moves_of(case), endings_of(case)


@pytest.mark.parametrize("target", list(CaseStatus), ids=lambda status: status.value)
def test_every_move_at_every_status_happens_once_or_not_at_all(world, target: CaseStatus):
    tenant, profile = world
    for source in CaseStatus:
        with tenant_scope(tenant.id):
            case = new_case(profile, source)
            before = state(case)
        if source is target or not MOVES.allows(source, target):
            with tenant_scope(tenant.id):
                if source is target:
                    move_case(case.id, target, reasons=["again"])
                else:
                    with pytest.raises(IllegalMove):
                        move_case(case.id, target, reasons=["never"])
                assert state(case) == before
            continue
        with tenant_scope(tenant.id):
            move_case(case.id, target, reasons=["why"])
            moved = state(case)
            move_case(case.id, target, reasons=["again"])
            assert state(case) == moved
            assert moves_of(case) == [{"from": source.value, "to": target.value, "reasons": ["why"]}]
            assert endings_of(case) == (1 if target in TERMINAL else 0)
            assert (Case.objects.get(id=case.id).ended_at is not None) is (target in TERMINAL)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(Statuses, min_size=1, max_size=10))
def test_any_sequence_of_moves_leaves_one_event_for_each_that_was_legal(world, wanted: list[CaseStatus]):
    tenant, profile = world
    with tenant_scope(tenant.id):
        case = new_case(profile, CaseStatus.OPENED)
        now, legal = CaseStatus.OPENED, []
        for target in wanted:
            try:
                move_case(case.id, target)
            except IllegalMove:
                assert not MOVES.allows(now, target) and now is not target
                continue
            if target is not now:
                legal.append((now.value, target.value))
            now = target
        assert Case.objects.get(id=case.id).status == now.value
        assert [(move["from"], move["to"]) for move in moves_of(case)] == legal
        assert endings_of(case) == sum(CaseStatus(to) in TERMINAL for _source, to in legal)


def test_nothing_moves_out_of_an_end_and_no_review_grants():
    for status in TERMINAL - KEPT_CARD:
        assert MOVES.targets(status) == frozenset()
    for status in KEPT_CARD:
        assert MOVES.targets(status) == {CaseStatus.REPUDIATED}
    assert CaseStatus.GRANTED not in MOVES.targets(CaseStatus.IN_REVIEW)
    assert [source for source in CaseStatus if MOVES.allows(source, CaseStatus.RECOVERED)] == [
        CaseStatus.GRANTED,
        CaseStatus.HANDED_OVER,
    ]
