"""Letting go of what is kept for too long: what is due, in numbers and for good.

Protects people who left from a directory that never forgets, and whoever is still here from losing more than was decided: a
batch is chosen under a lock and looked at again there, so that somebody who was just activated keeps everything. What it does
not do: remove a person, whose identifier cases and the audit log keep; or stop the source from sending the same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.ids import public_id
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.evidence import NUMBERS
from tenants.directory.models import (
    DirectoryPerson,
    HeldEvidence,
    NoticeAddress,
    PersonKey,
    PersonName,
    RetentionRule,
    SearchWord,
)
from tenants.directory.named import names_by_person
from tenants.directory.retention.rules import Category, Rule, rules_in_force
from tenants.directory.services import search_words
from tenants.models import Tenant

BATCH = 2_000
SUSPENDED, REMOVED = DirectoryPerson.Status.SUSPENDED, DirectoryPerson.Status.REMOVED


@dataclass(frozen=True, slots=True)
class Going:
    """How many people lose something of a kind, and how many of them are active."""

    category: Category
    people: int
    active: int


def _left_before(moment: datetime) -> Q:
    return Q(status=SUSPENDED, left_at__lte=moment)


def _everybody() -> QuerySet[DirectoryPerson]:
    """Whoever was suspended before that day was noted counts from their last change."""
    people = DirectoryPerson.objects.exclude(status=REMOVED)
    return people.annotate(left_at=Coalesce("suspended_at", "changed_at"))


def _has(rows: QuerySet[Any]) -> Q:
    return Q(Exists(rows.filter(person_id=OuterRef("pk"))))


def _addresses(kind: NoticeAddress.Kind) -> Callable[[], QuerySet[Any]]:
    return lambda: NoticeAddress.objects.filter(kind=kind)


def _numbers() -> QuerySet[HeldEvidence]:
    return HeldEvidence.objects.filter(kind__in=NUMBERS)


# The rows of a kind that is kept in a table of its own.
_ROWS: Mapping[Category, Callable[[], QuerySet[Any]]] = {
    Category.NUMBERS: _numbers,
    Category.OTHER_NAMES: PersonName.objects.all,
    Category.PHONES: _addresses(NoticeAddress.Kind.PHONE),
    Category.EMAILS: _addresses(NoticeAddress.Kind.EMAIL),
}
_HELD_BY: Mapping[Category, Q] = {
    Category.BIRTHDATE: Q(birthdate__isnull=False),
    Category.STANDING: ~Q(manager="", country="", department=""),
}
_EMPTY: Mapping[Category, Mapping[str, Any]] = {
    Category.BIRTHDATE: {"birthdate": None},
    Category.STANDING: {"manager": "", "manager_changed_at": None, "country": "", "department": ""},
}


def _due(category: Category, rule: Rule, now: datetime) -> QuerySet[DirectoryPerson]:
    """Everybody of whom something of the kind goes now."""
    found = Q(pk__in=[])
    rows = _ROWS[category]() if category in _ROWS else None
    if rule.left_days is not None:
        has = _has(rows) if rows is not None else _HELD_BY[category]
        found |= _left_before(now - timedelta(days=rule.left_days)) & has
    if rule.confirmed_days is not None and rows is not None:
        found |= _has(rows.filter(confirmed_at__lte=now - timedelta(days=rule.confirmed_days)))
    return _everybody().filter(found)


def what_would_go(rules: Mapping[Category, Rule]) -> list[Going]:
    """At the next turn, of each kind, if these were the rules."""
    now, found = clock.now(), []
    is_active = Q(status=DirectoryPerson.Status.ACTIVE)
    for category in Category:
        rule = rules.get(category, Rule())
        due = _due(category, rule, now) if rule != Rule() else DirectoryPerson.objects.none()
        told = due.aggregate(people=Count("id"), active=Count("id", filter=is_active))
        found.append(Going(category, told["people"], told["active"]))
    return found


@transaction.atomic
def decide_retention(rules: Mapping[Category, Rule], *, actor: Actor) -> None:
    """From the next turn of the worker on. What went does not come back when the rules are loosened."""
    before = rules_in_force()
    RetentionRule.objects.all().delete()
    RetentionRule.objects.bulk_create(
        [
            RetentionRule(category=category, left_days=rule.left_days, confirmed_days=rule.confirmed_days)
            for category, rule in rules.items()
        ]
    )
    record_event(
        EventName.RETENTION_CHANGED,
        actor=actor,
        data={"days_before": _told(before), "days_after": _told(rules)},
    )


def _told(rules: Mapping[Category, Rule]) -> list[str]:
    """ "numbers 30 3650": days after somebody left, and after the last confirmation; a dash for kept."""
    return [
        f"{category.value} {rule.left_days or '–'} {rule.confirmed_days or '–'}"
        for category, rule in sorted(rules.items())
    ]


def let_go_of_category(category: Category, rule: Rule) -> int:
    """A batch of people, under a lock; how many. In the scope."""
    now = clock.now()
    while True:
        locked = _due(category, rule, now).select_for_update(of=("self",)).order_by("id")[:BATCH]
        ids = [person.id for person in locked]
        if not ids:
            return 0
        # Asked again once the locks are had: what was waited for is seen only by the next statement. Whoever was activated
        # meanwhile, or of whom another turn let go, is not among them.
        people = {person.id: person for person in _due(category, rule, now).filter(id__in=ids)}
        if people:
            break
    left = [
        person.id
        for person in people.values()
        if rule.left_days is not None
        and person.status == SUSPENDED
        and person.left_at <= now - timedelta(days=rule.left_days)  # type: ignore[attr-defined]
    ]
    if category in _ROWS:
        rows = _ROWS[category]()
        rows.filter(person_id__in=left).delete()
        if rule.confirmed_days is not None:
            before = now - timedelta(days=rule.confirmed_days)
            rows.filter(person_id__in=list(people), confirmed_at__lte=before).delete()
    else:
        DirectoryPerson.objects.filter(id__in=left).update(**_EMPTY[category])
    if category in (Category.EMAILS, Category.OTHER_NAMES):
        _forget_words(category, list(people.values()))
    DirectoryPerson.objects.filter(id__in=list(people)).update(changed_at=now)
    names = sorted(public_id(DirectoryPerson.prefix, one) for one in people)
    record_event(
        EventName.RETENTION_KEPT,
        actor=SYSTEM,
        data={
            "category": category.value,
            "people": len(people),
            "rows_digest": hashlib.sha256("\n".join(names).encode()).hexdigest(),
        },
    )
    return len(people)


def _forget_words(category: Category, people: Sequence[DirectoryPerson]) -> None:
    """Nobody is found by what is not kept any more."""
    ids = [person.id for person in people]
    if category is Category.EMAILS:
        PersonKey.objects.filter(person_id__in=ids, kind=PersonKey.Kind.EMAIL).delete()
    emails: dict[UUID, list[str]] = {}
    kept = NoticeAddress.objects.filter(person_id__in=ids, kind=NoticeAddress.Kind.EMAIL)
    for person_id, value in kept.values_list("person_id", "value"):
        emails.setdefault(person_id, []).append(value)
    named = names_by_person(ids)
    SearchWord.objects.filter(person_id__in=ids).delete()
    words = [
        word
        for person in people
        for word in search_words(person, emails.get(person.id, ()), named.get(person.id, ()))
    ]
    SearchWord.objects.bulk_create(words, batch_size=5_000)


def keep_to_retention() -> None:
    """Organisation by organisation, a transaction for each batch. Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            rules = rules_in_force()
        for category, rule in rules.items():
            while True:
                with tenant_scope(tenant.id):
                    if not let_go_of_category(category, rule):
                        break
