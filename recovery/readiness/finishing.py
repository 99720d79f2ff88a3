"""The end of a survey: its sums, the day it belongs to, and earlier findings that go."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from portal.kit import clock
from portal.kit.scope import current_tenant_id
from recovery.readiness import mailing
from recovery.readiness.models import Finding, ReadinessDay, Survey, Tally
from tenants.directory.models import DirectoryPerson

# Sums over what was found; each reads its tables once.
_REASONS = """
SELECT reason, count(*) FROM readiness_finding, jsonb_array_elements_text(reasons) AS reason
 WHERE tenant_id = %(tenant)s AND survey_id = %(survey)s GROUP BY 1
"""
_DEPARTMENTS = """
SELECT p.department, NULL::uuid, count(*), count(*) FILTER (WHERE f.verdict = 'cannot'),
       count(*) FILTER (WHERE f.verdict = 'waits'), count(*) FILTER (WHERE f.verdict = 'doubtful')
  FROM directory_directoryperson p
  LEFT JOIN readiness_finding f ON f.tenant_id = p.tenant_id AND f.person_id = p.id AND f.survey_id = %(survey)s
 WHERE p.tenant_id = %(tenant)s AND p.status = %(active)s GROUP BY 1
"""
_GROUPS = """
SELECT g.name, g.id, count(*), count(*) FILTER (WHERE f.verdict = 'cannot'),
       count(*) FILTER (WHERE f.verdict = 'waits'), count(*) FILTER (WHERE f.verdict = 'doubtful')
  FROM directory_group g
  JOIN directory_groupmember m ON m.tenant_id = g.tenant_id AND m.group_id = g.id
  JOIN directory_directoryperson p ON p.tenant_id = m.tenant_id AND p.id = m.person_id AND p.status = %(active)s
  LEFT JOIN readiness_finding f ON f.tenant_id = m.tenant_id AND f.person_id = m.person_id AND f.survey_id = %(survey)s
 WHERE g.tenant_id = %(tenant)s GROUP BY 1, 2
"""


def finish(survey: Survey, stale: dict[str, date | None]) -> None:
    """Called with the survey locked and everybody looked at."""
    verdicts = Finding.objects.filter(survey=survey)
    survey.cannot = verdicts.filter(verdict=Finding.Verdict.CANNOT).count()
    survey.waiting = verdicts.filter(verdict=Finding.Verdict.WAITS).count()
    survey.doubtful = verdicts.filter(verdict=Finding.Verdict.DOUBTFUL).count()
    survey.reasons = dict(_rows(_REASONS, survey))
    survey.people = DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE).count()
    survey.stale = [
        {"source": source, "heard_on": str(day) if day else ""} for source, day in sorted(stale.items())
    ]
    survey.status, survey.finished_at = Survey.Status.DONE, clock.now()
    survey.worker = survey.leased_until = None
    survey.save()
    earlier = Survey.objects.filter(Q(profile_id=survey.profile_id), kind=survey.kind).exclude(id=survey.id)
    _forget(list(earlier.exclude(status=Survey.Status.RUNNING).values_list("id", flat=True)))
    if survey.kind == Survey.Kind.READINESS:
        _tally(survey)
        _note_day(survey)
        mailing.tell_owners(survey)


def _rows(sql: str, survey: Survey) -> list[Any]:
    given: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "survey": survey.id,
        "active": DirectoryPerson.Status.ACTIVE.value,
    }
    with connection.cursor() as cursor:
        # The planner knows nothing yet of what was just written, and would look through all of it for each person.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(sql, given)
        found: list[Any] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = on")
        return found


def _tally(survey: Survey) -> None:
    for of, sql in ((Tally.Of.DEPARTMENT, _DEPARTMENTS), (Tally.Of.GROUP, _GROUPS)):
        names = ("name", "group_id", "people", "cannot", "waiting", "doubtful")
        Tally.objects.bulk_create(
            [Tally(survey=survey, of=of, **dict(zip(names, row, strict=True))) for row in _rows(sql, survey)],
            batch_size=1_000,
        )


def _note_day(survey: Survey) -> None:
    ReadinessDay.objects.update_or_create(
        day=clock.now().date(),
        defaults={
            "people": survey.people,
            "cannot": survey.cannot,
            "waiting": survey.waiting,
            "doubtful": survey.doubtful,
        },
    )


def _forget(survey_ids: list[UUID]) -> None:
    """Of an earlier look the days remain."""
    for model in (Finding, Tally):
        model.objects.filter(survey_id__in=survey_ids).delete()
    Survey.objects.filter(id__in=survey_ids).delete()
