"""Who could get in again and who has nothing: counted, never named. And whom a mail would reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from portal.kit import clock
from portal.kit.kept_counts import kept_count
from recovery.entry.models import Invitation, Kind, NoReminders
from recovery.held import HELD_FOR
from recovery.models import CredentialBinding
from recovery.passkeys.models import Passkey, SavedRecoveryCode
from tenants.directory.models import DirectoryPerson, Group, GroupMember, NoticeAddress
from tenants.verified_id.models import Credential

# Nobody is mailed twice in this time, however they are asked for, and no more than so often in a quarter.
AGAIN_AFTER = timedelta(days=7)
QUARTER = timedelta(days=90)
MOST_A_QUARTER = 3
MOST_GROUPS = 50
# The identifiers of people, under the name `person_id`.
People = QuerySet[Any, Any]


def _with_passkey() -> People:
    return Passkey.objects.filter(invalidated_at=None, frozen_at=None, suspended_at=None).values("person_id")


def _with_codes() -> People:
    return SavedRecoveryCode.objects.filter(used_at=None, replaced_at=None).values("person_id")


def _with_card() -> People:
    live = Credential.objects.exclude(state=Credential.State.REVOKED).filter(expires_at__gt=clock.now())
    return CredentialBinding.objects.filter(credential_id__in=live.values("id")).values("person_id")


@dataclass(frozen=True, slots=True)
class Covered:
    """Active people, and how many of them have each."""

    people: int
    passkey: int
    codes: int
    card: int
    nothing: int


def _active() -> QuerySet[DirectoryPerson]:
    return DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE)


# Each set is read once and met with everybody. Asked of every person by itself, a page about a million took seconds.
_COUNTS = """count(*), count(s0.person_id), count(s1.person_id), count(s2.person_id),
    count(*) FILTER (WHERE num_nonnulls(s0.person_id, s1.person_id, s2.person_id) = 0)"""


def _ways() -> list[Sequence[People]]:
    return [[_with_passkey()], [_with_codes()], [_with_card()]]


def covered() -> Covered:
    chosen, given = _sql(_active().order_by().values("id"))
    joins, more = _joined(_ways(), "p.id")
    (counts,) = _rows(f"SELECT {_COUNTS} FROM ({chosen}) p {joins}", [*given, *more])  # noqa: S608
    return Covered(*counts)


def _by_group() -> list[tuple[UUID, Covered]]:
    members = GroupMember.objects.filter(person__status=DirectoryPerson.Status.ACTIVE)
    chosen, given = _sql(members.order_by().values("group_id", "person_id"))
    joins, more = _joined(_ways(), "m.person_id")
    rows = _rows(
        f"SELECT m.group_id, {_COUNTS} FROM ({chosen}) m {joins} GROUP BY 1 ORDER BY 6 DESC, 1 LIMIT %s",  # noqa: S608
        [*given, *more, MOST_GROUPS],
    )
    return [(group_id, Covered(*counts)) for group_id, *counts in rows]


def kept_coverage() -> tuple[Covered, datetime | None]:
    """And when it was counted, where that took so long that it is kept."""
    kept = kept_count("coverage", lambda: asdict(covered()))
    return Covered(**kept.value), kept.at


def kept_coverage_by_group() -> list[tuple[Group, Covered]]:
    """The groups with most people who have nothing first."""

    def count() -> list[list[Any]]:
        return [[str(group_id), asdict(counts)] for group_id, counts in _by_group()]

    found = kept_count("coverage by group", count).value
    groups = Group.objects.in_bulk([UUID(one) for one, _counts in found])
    return [(groups[UUID(one)], Covered(**counts)) for one, counts in found if UUID(one) in groups]


def _sql(found: QuerySet[Any, Any]) -> tuple[str, Sequence[Any]]:
    return found.query.sql_with_params()


def _joined(sets: Sequence[Sequence[People]], person: str) -> tuple[str, list[Any]]:
    """A join for each set, `s0` onwards; a set is everybody in any of its parts."""
    joins, given = [], []
    for number, parts in enumerate(sets):
        written = [_sql(part.order_by()) for part in parts]
        inner = " UNION ".join(sql for sql, _params in written)
        joins.append(
            f"LEFT JOIN (SELECT DISTINCT person_id FROM ({inner}) o{number} (person_id)) s{number} "  # noqa: S608
            f"ON s{number}.person_id = {person}"
        )
        given += [one for _sql_, params in written for one in params]
    return " ".join(joins), given


def _rows(sql: str, given: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


# Whom a mail would reach ---------------------------------------------------------------------------------------------


def _chosen(group_id: UUID | None) -> QuerySet[DirectoryPerson]:
    if group_id is None:
        return _active()
    return _active().filter(id__in=GroupMember.objects.filter(group_id=group_id).values("person_id"))


@dataclass(frozen=True, slots=True)
class _Reason:
    """Who is in any of the sets is left out; or, `unless`, who is in none."""

    sets: Sequence[People]
    unless: bool = False

    def holds(self) -> Q:
        found = Q()
        for one in self.sets:
            found |= Q(Exists(one.filter(person_id=OuterRef("id"))))
        return ~found if self.unless else found


def _reasons(kind: str) -> dict[str, _Reason]:
    """Why somebody is left out, in the order in which it is told. A passkey that is frozen leaves out as well: it was
    frozen because somebody else may have been there."""
    moment = clock.now()
    mailed = Invitation.objects.order_by().values("person_id")
    held = NoticeAddress.objects.filter(kind=NoticeAddress.Kind.EMAIL, held_since__lte=moment - HELD_FOR)
    often = mailed.filter(created_at__gt=moment - QUARTER)
    often = often.annotate(number=Count("id")).filter(number__gte=MOST_A_QUARTER).values("person_id")
    reasons = {
        "has_passkey": _Reason([Passkey.objects.filter(invalidated_at=None).values("person_id")]),
        "not_allowed": _Reason([_not_allowed()]),
        "no_address": _Reason([held.values("person_id")], unless=True),
        "mailed_lately": _Reason([mailed.filter(created_at__gt=moment - AGAIN_AFTER), often]),
    }
    if kind == Kind.REMINDER:
        reasons["has_other"] = _Reason([_with_codes(), _with_card()])
        reasons["opted_out"] = _Reason([NoReminders.objects.values("person_id")])
    return reasons


def _not_allowed() -> People:
    return (
        DirectoryPerson.objects.filter(recovery_allowed=False).annotate(person_id=F("id")).values("person_id")
    )


def reachable(kind: str, group_id: UUID | None) -> QuerySet[DirectoryPerson]:
    """Whom a mail of this kind may go to now."""
    found = _chosen(group_id)
    for reason in _reasons(kind).values():
        found = found.exclude(reason.holds())
    return found


def why_left_out(person_id: UUID) -> str:
    """Why an invitation may not go to this person now, the first reason that holds; empty if it may."""
    found = _active().filter(id=person_id)
    if not found.exists():
        return "not_active"
    reasons = _reasons(Kind.INVITATION)
    return next((name for name, reason in reasons.items() if found.filter(reason.holds()).exists()), "")


@dataclass(frozen=True, slots=True)
class Preview:
    """`left_out` by reason, each person under the first that holds."""

    chosen: int
    mailed: int
    left_out: dict[str, int]


def preview(kind: str, group_id: UUID | None) -> Preview:
    reasons = _reasons(kind)
    chosen, given = _sql(_chosen(group_id).order_by().values("id"))
    joins, more = _joined([reason.sets for reason in reasons.values()], "p.id")
    first = " ".join(
        f"WHEN s{number}.person_id IS {'' if reason.unless else 'NOT '}NULL THEN {number}"
        for number, reason in enumerate(reasons.values())
    )
    rows = _rows(
        f"SELECT CASE {first} END, count(*) FROM ({chosen}) p {joins} GROUP BY 1",  # noqa: S608
        [*given, *more],
    )
    by_number = dict(rows)
    left_out = {name: by_number[number] for number, name in enumerate(reasons) if number in by_number}
    return Preview(sum(by_number.values()), by_number.get(None, 0), left_out)


def kept_preview(kind: str, group_id: UUID | None) -> tuple[Preview, datetime | None]:
    """For a page to show. Whom a mail goes to is found out anew when it is sent."""
    kept = kept_count(f"preview {kind} {group_id or ''}", lambda: asdict(preview(kind, group_id)))
    return Preview(**kept.value), kept.at
