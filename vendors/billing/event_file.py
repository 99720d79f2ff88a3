"""Reads a file of usage events (README, annex), one JSON object a line, and records them as live events are recorded.

A result for each line, in the file's order. A line that cannot be counted is refused, or kept aside when it is known
whose it is: it counts as soon as it comes again and can be counted. Nothing is counted twice, so a run that was cut off is
taken up by running it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import ReadmitError
from portal.kit.ids import parse_public_id, public_id
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.book import Book, PricedProduct, Product, load_versions
from vendors.billing.insertion import insert_new
from vendors.billing.models import METERED, EntryKind, Meter, Paid, SetAside, UsageEntry
from vendors.billing.rating.billability import outcome_named
from vendors.billing.recording import (
    Booking,
    Repeats,
    Usage,
    is_same_check,
    lock_billing,
    make_booking,
    record_bookings,
    take_back,
)

OPERATOR = Actor(ActorKind.OPERATOR, "record_usage")
BATCH = 20_000
LONGEST_KEY = 110
LONGEST_LINE = 4_000
LARGEST_QUANTITY = 10**9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks differ; more than this is no clock.
FUTURE = timedelta(minutes=5)
CONNECTIONS = frozenset(Paid.values)
FIELDS = ("idempotency_key", "tenant", "vendor", "kind", "outcome", "quantity", "occurred_at", "case")
MORE = frozenset({"connection", "mode", "profile", "department", "corrects"})
CASES = UUID("5c2d6a0e-6f0b-4d5e-9c57-0e3a1b7c9d21")  # names the space of cases that are only words in a file
OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$")

SENTENCES = {
    "json_unusable": _("The line is not a JSON object."),
    "field_missing": _("A field is missing."),
    "field_unknown": _("There is no field of this name."),
    "field_unusable": _("The field is not text of the length that is allowed."),
    "tenant_unknown": _("There is no organisation of this name."),
    "kind_unknown": _("The kind is decision or face_check."),
    "connection_unknown": _("The connection is through_us, own_contract or free."),
    "outcome_unknown": _("Nobody knows this outcome, so it cannot be said whether it is charged."),
    "quantity_unusable": _("The quantity is a whole number from 1; from 0 where an event is corrected."),
    "time_unusable": _("occurred_at is a time with its offset, for example 2026-05-03T12:00:00Z."),
    "event_from_future": _("The event lies in the future."),
    "price_missing": _("No price was in force when this happened."),
    "currency_not_subscribed": _("There is a price, but in no currency of this organisation's subscription."),
    "key_reused": _("This key was used before, for another event."),
    "corrected_unknown": _("The event that this one corrects is not in the ledger."),
    "corrected_already": _("The event that this one corrects was corrected before."),
}


class BadEvent(Exception):
    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


@dataclass(slots=True)
class Outcome:
    """What became of one line: recorded, known, kept_aside or refused."""

    line: int
    key: str = ""
    result: str = ""
    code: str = ""
    field: str = ""
    entry: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"line": self.line, "idempotency_key": self.key, "result": self.result}
        if self.code:
            told |= {"code": self.code, "sentence": SENTENCES[self.code]}
            if self.field:
                told["field"] = self.field
        if self.entry:
            told["entry"] = public_id(UsageEntry.prefix, self.entry)
        return told

    def fail(self, code: str, field: str = "", *, kept: bool = False) -> None:
        self.result, self.code, self.field = ("kept_aside" if kept else "refused"), code, field


@dataclass(slots=True)
class _Event:
    outcome: Outcome
    line: str
    usage: Usage | None = None
    corrects: str = ""
    quantity: int = 1


# ------------------------------------------------------------------ reading


def _text(raw: Mapping[str, Any], name: str, longest: int, default: str | None = None) -> str:
    value = raw.get(name, default)
    if value is None:
        raise BadEvent("field_missing", name)
    text = value.strip() if isinstance(value, str) else ""
    if (
        not isinstance(value, str)
        or len(text) > longest
        or not text.isprintable()
        or (not text and default is None)
    ):
        raise BadEvent("field_unusable", name)
    return text


def _moment(raw: Mapping[str, Any]) -> datetime:
    text = _text(raw, "occurred_at", 40)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadEvent("time_unusable", "occurred_at") from None
    if moment.tzinfo is None or not OFFSET.search(text) or moment.year < 2000:
        raise BadEvent("time_unusable", "occurred_at")
    return moment.astimezone(UTC)


def _quantity(raw: Mapping[str, Any], least: int) -> int:
    value = raw.get("quantity", 1)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_QUANTITY:
        raise BadEvent("quantity_unusable", "quantity")
    return value


def _case(tenant_id: UUID, text: str) -> UUID:
    """A case's public id or UUID; any other word names a case of its own in this organisation."""
    try:
        return parse_public_id("case", text)
    except ValueError:
        pass
    try:
        return UUID(text)
    except ValueError:
        return uuid5(CASES, f"{tenant_id}:{text}")


def _kinds(raw: Mapping[str, Any], vendor: str) -> tuple[str, str]:
    """(meter, connection kind). `kind` says what was checked; it may say how it is paid instead."""
    kind, connection = _text(raw, "kind", 20), _text(raw, "connection", 20, "")
    if kind in CONNECTIONS and not connection:
        kind, connection = (Meter.FACE_CHECK if vendor == "readmit" else Meter.DECISION), kind
    if kind not in METERED:
        raise BadEvent("kind_unknown", "kind")
    if connection and connection not in CONNECTIONS:
        raise BadEvent("connection_unknown", "connection")
    return str(kind), connection


def _uuid_or_none(raw: Mapping[str, Any], tenant_id: UUID) -> UUID | None:
    text = _text(raw, "profile", 64, "")
    if not text:
        return None
    try:
        return parse_public_id("profile", text)
    except ValueError:
        return _case(tenant_id, text)


def read_event(raw: Mapping[str, Any], tenant_id: UUID, key: str) -> tuple[Usage | None, str]:
    """The event, and the key of the one it corrects. None for a correction that counts nothing instead."""
    unknown = set(raw) - set(FIELDS) - MORE
    if unknown:
        raise BadEvent("field_unknown", ascii(sorted(unknown)[0][:40])[1:-1])
    corrects = _text(raw, "corrects", LONGEST_KEY, "")
    quantity = _quantity(raw, 0 if corrects else 1)
    if corrects and quantity == 0:
        return None, corrects
    vendor = _text(raw, "vendor", 40)
    meter, connection = _kinds(raw, vendor)
    try:
        outcome = outcome_named(_text(raw, "outcome", 40))
    except ValueError:
        raise BadEvent("outcome_unknown", "outcome") from None
    moment = _moment(raw)
    if moment > clock.now() + FUTURE:
        raise BadEvent("event_from_future", "occurred_at")
    usage = Usage(
        idempotency_key=key,
        meter=meter,
        vendor=vendor,
        outcome=outcome,
        quantity=quantity,
        occurred_at=moment,
        case_id=_case(tenant_id, _text(raw, "case", 64)),
        connection_kind=connection,
        mode=_text(raw, "mode", 12, "production"),
        profile_id=_uuid_or_none(raw, tenant_id),
        department=_text(raw, "department", 120, ""),
    )
    return usage, corrects


# ------------------------------------------------------------------ one batch


class _Tenants:
    """Organisations by slug or public id, looked up once."""

    def __init__(self) -> None:
        self.known: dict[str, UUID | None] = {}

    def find(self, name: str) -> UUID | None:
        if name not in self.known:
            self.known[name] = self._look_up(name)
        return self.known[name]

    def _look_up(self, name: str) -> UUID | None:
        try:
            wanted = {"id": parse_public_id("org", name)}
        except ValueError:
            return Tenant.objects.filter(slug=name).values_list("id", flat=True).first()
        return Tenant.objects.filter(**wanted).values_list("id", flat=True).first()


def _parse(number: int, line: str, tenants: _Tenants) -> tuple[UUID | None, _Event]:
    """The tenant and the event; without a tenant or a key the line is refused at once."""
    outcome = Outcome(number)
    event = _Event(outcome, line.strip())
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or len(line) > LONGEST_LINE:
        outcome.fail("json_unusable")
        return None, event
    try:
        outcome.key = _text(raw, "idempotency_key", LONGEST_KEY)
        tenant_id = tenants.find(_text(raw, "tenant", 64))
    except BadEvent as problem:
        outcome.fail(problem.code, problem.field)
        return None, event
    if tenant_id is None:
        outcome.fail("tenant_unknown", "tenant")
        return None, event
    try:
        event.usage, event.corrects = read_event(raw, tenant_id, outcome.key)
    except BadEvent as problem:
        outcome.fail(problem.code, problem.field, kept=True)
    return tenant_id, event


def record_lines(lines: Iterable[str], *, start: int = 1, batch: int = BATCH) -> Iterator[Outcome]:
    """A result for each line that is not empty, told when what it says is on disk. Each tenant's part of a batch is one
    transaction."""
    tenants = _Tenants()
    numbered = ((number, line) for number, line in enumerate(lines, start) if line.strip())
    while taken := list(islice(numbered, batch)):
        outcomes: list[Outcome] = []
        events: dict[UUID, list[_Event]] = {}
        for number, line in taken:
            tenant_id, event = _parse(number, line, tenants)
            outcomes.append(event.outcome)
            if tenant_id is not None:
                events.setdefault(tenant_id, []).append(event)
        prices = load_versions(
            {event.usage.product for listed in events.values() for event in listed if event.usage}
        )
        for tenant_id in sorted(events):
            with tenant_scope(tenant_id):
                _do_not_wait_for_the_disk()
                _record_tenant(events[tenant_id], prices)
        _wait_for_the_disk()
        yield from outcomes


def _do_not_wait_for_the_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _wait_for_the_disk() -> None:
    """What was committed before a commit that waits is on disk with it. One that wrote nothing would not wait."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(true, 'readmit', 'usage')")


Prices = Mapping[Product, list[PricedProduct]]


def _record_tenant(events: Sequence[_Event], prices: Prices) -> None:
    _record_plain(
        [event for event in events if event.usage and not event.corrects and not event.outcome.code], prices
    )
    for event in events:
        if event.corrects and not event.outcome.code:
            _correct(event, prices)
    kept = [event for event in events if event.outcome.result == "kept_aside"]
    insert_new(
        [
            SetAside(idempotency_key=event.outcome.key, code=event.outcome.code, event=event.line)
            for event in _first_by_key_and_code(kept)
        ],
        key="idempotency_key, code",
    )


def _first_by_key_and_code(events: Iterable[_Event]) -> list[_Event]:
    return list({(event.outcome.key, event.outcome.code): event for event in reversed(list(events))}.values())


def _record_plain(events: Sequence[_Event], prices: Prices) -> None:
    """Of the lines with one key the first is counted. Those are taken in their order of time, so that within one batch a
    repetition is told from what it repeats."""
    usages = [event.usage for event in events if event.usage]
    book = Book({product: prices[product] for product in {usage.product for usage in usages}})
    repeats = Repeats(book, usages)
    made: dict[str, Booking] = {}
    counted: list[_Event] = []
    for event in _first_lines_first(events):
        if event.usage is None:
            continue
        if event.outcome.key not in made:
            try:
                made[event.outcome.key] = make_booking(book, event.usage, repeats)
            except ReadmitError as problem:
                event.outcome.fail(problem.code, "vendor", kept=True)
                continue
        counted.append(event)
    new = record_bookings(list(made.values()), actor=OPERATOR)
    _tell(counted, made, new)


def _first_lines_first(events: Sequence[_Event]) -> list[_Event]:
    """The first line of every key by time, and then the others as they stand in the file."""
    firsts: dict[str, _Event] = {}
    others = [event for event in events if firsts.setdefault(event.outcome.key, event) is not event]
    return (
        sorted(firsts.values(), key=lambda event: event.usage.occurred_at if event.usage else EPOCH) + others
    )


def _tell(events: Sequence[_Event], made: Mapping[str, Booking], new: set[UUID]) -> None:
    """The first line of a new key was recorded; every other one is known, or another event under a used key."""
    old = [key for key, entry in made.items() if entry.id not in new]
    rows = (
        {row.idempotency_key: row for row in UsageEntry.objects.filter(idempotency_key__in=old)}
        if old
        else {}
    )
    told: set[str] = set()
    for event in sorted(events, key=lambda event: event.outcome.line):
        key = event.outcome.key
        kept: UsageEntry | Booking = rows.get(key) or made[key]
        event.outcome.entry = kept.id
        if (
            event.usage is None
            or kept.occurred_at != event.usage.occurred_at
            or not is_same_check(kept, event.usage)
        ):
            event.outcome.fail("key_reused", "idempotency_key")
        elif key in told or key in rows:
            event.outcome.result = "known"
        else:
            event.outcome.result = "recorded"
            told.add(key)


def _correct(event: _Event, prices: Prices) -> None:
    """Take the earlier event back, and count this one in its place."""
    outcome, key = event.outcome, event.outcome.key
    lock_billing()
    wrong = UsageEntry.objects.filter(idempotency_key=event.corrects, kind=EntryKind.USAGE).first()
    if wrong is None:
        outcome.fail("corrected_unknown", "corrects", kept=True)
        return
    reversal = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=wrong).first()
    ours = UsageEntry.objects.filter(idempotency_key=key, refers_to=wrong).first()
    if reversal is not None and ours is None:
        outcome.fail("corrected_already", "corrects")
        return
    if event.usage is not None:
        event.usage = replace(event.usage, replaces_id=wrong.id)
        _record_plain([event], prices)
        if outcome.code:
            return
    # A correction to nothing has no entry of its own but the one that takes back.
    made = take_back(wrong, key="" if event.usage else key, actor=OPERATOR)
    outcome.result = "known" if reversal else "recorded"
    outcome.entry = outcome.entry or made.id


def set_aside() -> list[SetAside]:
    """What was kept aside and has not been counted since. In the tenant's scope."""
    counted = UsageEntry.objects.filter(idempotency_key=OuterRef("idempotency_key"))
    return list(SetAside.objects.filter(~Exists(counted)).order_by("created_at", "id"))
