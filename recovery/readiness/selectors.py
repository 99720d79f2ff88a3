"""Reading what surveys found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.kit import clock
from portal.kit.ids import parse_public_id
from portal.kit.paging import Column, Order, Page, page_of
from recovery.readiness.models import Finding, ReadinessDay, Survey, Tally
from recovery.readiness.reasons import Reason, known
from tenants.directory.models import DirectoryPerson, Group, GroupMember

PAGE = 50
WORST = 10
TREND_DAYS = 62
IN_ORDER = Order(Column("place"), False)


@dataclass(frozen=True, slots=True)
class Standing:
    """The survey that is under way, and the last that was finished. One that was given up counts if it is the newest."""

    running: Survey | None
    done: Survey | None
    was_stopped: bool


def standing_of(kind: Survey.Kind, *, profile_id: UUID | None = None) -> Standing:
    """One statement."""
    found = list(
        Survey.objects.filter(Q(profile_id=profile_id), kind=kind).order_by("-created_at", "-id")[:6]
    )
    return Standing(
        next((one for one in found if one.status == Survey.Status.RUNNING), None),
        next((one for one in found if one.status == Survey.Status.DONE), None),
        bool(found) and found[0].status == Survey.Status.STOPPED,
    )


def newest_of(profile_id: UUID) -> tuple[Survey | None, Survey | None]:
    """The last rehearsal of a profile that was finished, and the last look at readiness. One statement."""
    found = list(
        Survey.objects.filter(
            Q(profile_id=profile_id) | Q(profile_id=None), status=Survey.Status.DONE
        ).order_by("-created_at")[:8]
    )
    rehearsed = next((one for one in found if one.kind == Survey.Kind.REHEARSAL), None)
    return rehearsed, next((one for one in found if one.kind == Survey.Kind.READINESS), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for. Anything unusable means: all."""

    reason: Reason | None = None
    verdict: str = ""
    department: str | None = None
    group_id: UUID | None = None

    @property
    def is_narrow(self) -> bool:
        return bool(self.reason or self.verdict or self.department is not None or self.group_id)


def read_choice(query: Mapping[str, str]) -> Chosen:
    """`reason`, `verdict`, `department`, `group`. An empty department is that of people who have none."""
    group_id = None
    with suppress(ValueError):
        group_id = parse_public_id(Group.prefix, query.get("group", ""))
    verdict = query.get("verdict", "")
    return Chosen(
        known(query.get("reason", "")),
        verdict if verdict in Finding.Verdict.values else "",
        query["department"][:120] if "department" in query else None,
        group_id,
    )


def findings_of(survey: Survey, chosen: Chosen) -> QuerySet[Finding]:
    """By name, as the directory is in order. Whoever left since then is left out."""
    found = Finding.objects.filter(survey=survey).exclude(person__status=DirectoryPerson.Status.REMOVED)
    if chosen.reason:
        found = found.filter(reasons__contains=[chosen.reason.value])
    if chosen.verdict:
        found = found.filter(verdict=chosen.verdict)
    if chosen.department is not None:
        found = found.filter(person__department=chosen.department)
    if chosen.group_id:
        members = GroupMember.objects.filter(group_id=chosen.group_id).values("person_id")
        found = found.filter(person_id__in=members)
    return found.select_related("person").order_by("place", "id")


def findings_page(survey: Survey, chosen: Chosen, cursor: str) -> Page[Finding]:
    return page_of(findings_of(survey, chosen), IN_ORDER, cursor, PAGE)


def reasons_of(finding: Finding) -> list[Reason]:
    return [reason for code in finding.reasons if (reason := known(code))]


def worst(survey: Survey, of: Tally.Of) -> list[Tally]:
    """Departments or groups with people who could not recover, those with most first."""
    found = Tally.objects.filter(survey=survey, of=of, cannot__gt=0)
    return list(found.order_by("-cannot", "name", "id")[:WORST])


def trend() -> Sequence[ReadinessDay]:
    """The days that were looked at, oldest first, of two months."""
    since = clock.now().date() - timedelta(days=TREND_DAYS)
    return list(ReadinessDay.objects.filter(day__gt=since).order_by("day"))


def everybody_found(survey: Survey) -> Iterator[Finding]:
    """For commands. Called in the tenant's scope."""
    return findings_of(survey, Chosen()).iterator(chunk_size=2_000)
