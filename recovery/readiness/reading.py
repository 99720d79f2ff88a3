"""Reading the directory in batches: everybody's names once, then what is on file for some people at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Max, Min, Q, Value, When
from django.db.models.functions import Concat

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.code_address import domain_of
from recovery.held import HELD_FOR
from recovery.passkeys.models import SavedRecoveryCode
from recovery.readiness.accounts import Accounts, Held
from recovery.readiness.judging import Facts
from recovery.sign_facts import ends_by_person
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.directory.connections.models import DirectoryConnection
from tenants.directory.connections.registry import PROVIDERS
from tenants.directory.evidence import that_counts
from tenants.directory.matching import OtherName
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress, ScimToken
from tenants.directory.named import Named, names_by_person, whole_name
from tenants.directory.retention.rules import Category, Rule, rules_in_force

BATCH = 5_000
# Early enough to prove it again.
GOING = timedelta(days=30)
# Longer without a word from a source, and what it says may be over.
HEARD_WITHIN = {
    "scim": timedelta(days=7),
    "csv": timedelta(days=90),
    **dict.fromkeys(PROVIDERS, timedelta(days=2)),
}
EMAIL = Q(kind=NoticeAddress.Kind.EMAIL)


def read_accounts(tenant_id: UUID, goes_on: Callable[[], bool]) -> Accounts | None:
    """Everybody who could be meant, suspended people among them. A scope for each batch; after each it is asked whether
    it `goes_on`, and there is nothing if not."""
    accounts, after = Accounts(), UUID(int=0)
    while True:
        with tenant_scope(tenant_id):
            rows = list(
                DirectoryPerson.objects.exclude(status=DirectoryPerson.Status.REMOVED)
                .filter(id__gt=after)
                .order_by("id")
                .values_list("id", "given_names", "family_name", "birthdate")[:BATCH]
            )
            named = names_by_person([row[0] for row in rows])
        for row in rows:
            accounts.add(Held(*row, _whole(named.get(row[0], ()), row[1], row[2])))
        if not goes_on():
            return None
        if len(rows) < BATCH:
            break
        after = rows[-1][0]
    with tenant_scope(tenant_id):
        numbers = HeldEvidence.objects.filter(kind=HeldEvidence.Kind.DOCUMENT_NUMBER)
        accounts.settle(numbers.values_list("person_id", "digest").iterator(chunk_size=BATCH))
    return accounts


def _whole(named: Sequence[Named], given: str, family: str) -> tuple[OtherName, ...]:
    return tuple(whole_name(one, given, family) for one in named)


def next_people(sort_key: str, person_id: UUID | None, limit: int) -> list[DirectoryPerson]:
    """The next active people in the order of the directory. A row comparison, which walks the index."""
    found = DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE)
    if person_id is not None:
        found = found.filter(Q(sort_key__gt=sort_key) | Q(sort_key=sort_key, id__gt=person_id))
        found = found.filter(sort_key__gte=sort_key)
    return list(found.order_by("sort_key", "id")[:limit])


def facts_of(people: Sequence[DirectoryPerson], stale: frozenset[str]) -> list[Facts]:
    """Seven statements, however many people."""
    ids = [person.id for person in people]
    held: dict[UUID, Mapping[str, Any]] = {
        row["person_id"]: row
        for row in NoticeAddress.objects.filter(person_id__in=ids)
        .values("person_id")
        .annotate(
            email=Min("held_since", filter=EMAIL),
            oldest=Min("held_since"),
            newest=Max("held_since"),
            mailboxes=ArrayAgg(Concat("label", Value("|"), "value"), filter=EMAIL),
        )
    }
    digests: dict[UUID, set[str]] = {}
    stays: set[UUID] = set()
    going = _numbers_go_before()
    numbers = HeldEvidence.objects.filter(person_id__in=ids, kind=HeldEvidence.Kind.DOCUMENT_NUMBER)
    counts = numbers.annotate(counts=Case(When(that_counts(), then=True), default=False))
    fresh: set[UUID] = set()
    told = counts.values_list("person_id", "digest", "confirmed_at", "counts")
    for person_id, digest, confirmed_at, does_count in told:
        if not does_count:
            fresh.add(person_id)
            continue
        digests.setdefault(person_id, set()).add(digest)
        if going is None or confirmed_at > going:
            stays.add(person_id)
    codes = SavedRecoveryCode.objects.filter(person_id__in=ids, used_at=None, replaced_at=None)
    named = names_by_person(ids)
    ends = ends_by_person(ids)
    saved = set(codes.filter(created_at__lte=clock.now() - HELD_FOR).values_list("person_id", flat=True))
    return [
        _facts(
            person,
            held.get(person.id, {}),
            digests.get(person.id, ()),
            person.id in saved,
            stale,
            _whole(named.get(person.id, ()), person.given_names, person.family_name),
            person.id in digests and person.id not in stays,
            person.id in fresh,
            ends.get(person.id, (None, None)),
        )
        for person in people
    ]


def _mailbox(text: str) -> tuple[str, str]:
    """(domain, label) of "label|address"."""
    label, _bar, address = text.rpartition("|")
    return domain_of(address), label


def _days(since: datetime | None) -> float | None:
    return None if since is None else (clock.now() - since) / timedelta(days=1)


def _numbers_go_before() -> datetime | None:
    """What was confirmed last before that is let go soon. None: the organisation keeps numbers."""
    days = rules_in_force().get(Category.NUMBERS, Rule()).confirmed_days
    return None if days is None else clock.now() + GOING - timedelta(days=days)


def _facts(
    person: DirectoryPerson,
    held: Mapping[str, Any],
    digests: Any,
    has_code: bool,
    stale: frozenset[str],
    others: tuple[OtherName, ...],
    document_goes: bool,
    has_fresh_document: bool,
    ends: tuple[datetime | None, datetime | None],
) -> Facts:
    oldest, newest = held.get("oldest"), held.get("newest")
    came_later = oldest and newest and newest - oldest > timedelta(days=1)
    return Facts(
        person.id,
        person.user_name,
        person.given_names,
        person.family_name,
        person.display_name,
        person.birthdate,
        person.recovery_allowed,
        frozenset(digests),
        held.get("email"),
        held.get("newest"),
        person.names_changed_at,
        has_code,
        person.source in stale,
        person.is_guest,
        others,
        managed_since=person.manager_changed_at if person.manager else None,
        address_lost_at=person.address_lost_at,
        was_proven=person.assurance_level == DirectoryPerson.Assurance.IAL2,
        document_goes=document_goes,
        has_fresh_document=has_fresh_document,
        is_privileged=person.is_privileged,
        days_since_address=_days(newest if came_later else None),
        days_since_recovery=_days(ends[0]),
        days_since_not_me=_days(ends[1]),
        mailboxes=frozenset(_mailbox(text) for text in held.get("mailboxes") or ()),
    )


def stale_sources() -> dict[str, date | None]:
    """The sources that people come from and that nobody heard from for long, with the day of the last word."""
    present = set(
        DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE)
        .order_by()
        .values_list("source", flat=True)
        .distinct()
    )
    heard = {"scim": _scim_heard(), "csv": _file_heard()} | {kind: _round_of(kind) for kind in PROVIDERS}
    today = clock.now().date()
    return {
        source: heard[source]
        for source, within in HEARD_WITHIN.items()
        if source in present and (heard[source] or date.min) < today - within
    }


def _scim_heard() -> date | None:
    found: date | None = ScimToken.objects.aggregate(day=Max("last_used_on"))["day"]
    return found


def _round_of(kind: str) -> date | None:
    """The last complete round of the connection to a directory of this kind."""
    rows = DirectoryConnection.objects.filter(kind=kind)
    found: datetime | None = rows.aggregate(at=Max("synced_at"))["at"]
    return found.date() if found else None


def _file_heard() -> date | None:
    """The last file, or the last person who came with one: files were not always written down."""
    event: datetime | None = AuditEvent.objects.filter(name=EventName.PEOPLE_IMPORTED).aggregate(
        at=Max("created_at")
    )["at"]
    person: datetime | None = DirectoryPerson.objects.filter(source="csv").aggregate(at=Max("changed_at"))[
        "at"
    ]
    newest = max((at for at in (event, person) if at), default=None)
    return newest.date() if newest else None
