"""A case is read once under its lock, and what is remembered of it ends with the scope."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit.scope import tenant_scope
from recovery.cases import get_case, has_done, locked, record_step, steps_of
from recovery.models import Case
from recovery.statuses import StepKind
from tests.pages.meter import queries_of
from tests.recovery.journey import Place


def test_a_locked_case_and_its_steps_are_read_once_a_scope(place: Place) -> None:
    place.person("kim")
    case = place.browser().begin("kim").case
    with tenant_scope(place.tenant.id):
        held = locked(case.id)
        steps = steps_of(held)
        with CaptureQueriesContext(connection) as queries:
            assert locked(case.id) is held
            assert [step.id for step in steps_of(held)] == [step.id for step in steps]
        assert queries_of([query["sql"] for query in queries.captured_queries]) == []


def test_a_step_recorded_under_the_lock_is_among_the_steps_at_once(place: Place) -> None:
    place.person("kim")
    case = place.browser().begin("kim").case
    with tenant_scope(place.tenant.id):
        held = locked(case.id)
        assert not has_done(held, StepKind.PROOFED)
        record_step(held, StepKind.PROOFED)
        assert has_done(held, StepKind.PROOFED)
        assert [step.id for step in steps_of(held)] == [step.id for step in steps_of(get_case(case.id))]


def test_what_was_read_under_the_lock_is_forgotten_with_the_scope(place: Place) -> None:
    place.person("kim")
    case = place.browser().begin("kim").case
    with tenant_scope(place.tenant.id):
        locked(case.id)
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=case.id).update(no_flashing=True)
        assert locked(case.id).no_flashing
