"""Reads a file of usage events (README, annex), one JSON object a line, and records them as live events are recorded.

A result for each line, in the file's order. A line that cannot be counted is refused, or kept aside when it is known
whose it is: it counts as soon as it comes again and can be counted. Nothing is counted twice, so a run that was cut off is
taken up by running it again.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from operator import itemgetter
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.children import child_process
from portal.kit.errors import ReadmitError
from portal.kit.one_of import OneOf
from portal.kit.scope import tenant_scope
from vendors.billing.book import Book, PricedProduct, Product, load_versions
from vendors.billing.bookings import WRITTEN, Booking
from vendors.billing.counting import share_budgets
from vendors.billing.event_lines import Event, Outcome, Tenants, owner_of, parse_line
from vendors.billing.insertion import insert_new
from vendors.billing.models import EntryKind, SetAside, UsageEntry
from vendors.billing.recording import (
    is_same_check,
    live_entry,
    lock_billing,
    make_booking,
    record_bookings,
    take_back,
)
from vendors.billing.repeats import Repeats

OPERATOR = Actor(ActorKind.OPERATOR, "record_usage")
BATCH = 100_000

Numbered = Sequence[tuple[int, str]]
Sent = tuple[int, str, str, str, str, int | None]  # an outcome
_of_child = Tenants()  # of a process of a crew: it lives as long as one file


def record_lines(
    lines: Iterable[str], *, start: int = 1, batch: int = BATCH, workers: int = 1
) -> Iterator[Outcome]:
    """A result for each line that is not empty, told when what it says is on disk. Each tenant's part of a batch is one
    transaction. A file of more than one batch is shared among `workers` processes, each with tenants of its own: what is
    one tenant's is recorded in the file's order."""
    numbered = ((number, line) for number, line in enumerate(lines, start) if line.strip())
    batches = iter(lambda: list(islice(numbered, batch)), [])
    first = next(batches, [])
    if workers < 2 or len(first) < batch:
        tenants = Tenants()
        for taken in chain([first], batches):
            yield from record_part(taken, tenants)
        return
    with _crew(workers) as begin:
        waiting = begin(first)
        for taken in batches:
            following = begin(taken)
            yield from _together(waiting)
            waiting = following
        yield from _together(waiting)


@contextmanager
def _crew(workers: int) -> Iterator[Callable[[Numbered], list[Future[list[Sent]]]]]:
    """Processes that each record one share of every batch, one batch after the other."""
    crew, tenants = [child_process() for _number in range(workers)], Tenants()

    def begin(taken: Numbered) -> list[Future[list[Sent]]]:
        shares: list[list[tuple[int, str]]] = [[] for _worker in crew]
        for number, line in taken:
            owner = owner_of(line, tenants)
            shares[owner.int % workers if owner else 0].append((number, line))
        return [each.submit(_record_share, share) for each, share in zip(crew, shares, strict=True)]

    try:
        yield begin
    finally:
        for each in crew:
            each.shutdown(cancel_futures=True)


def _record_share(taken: Numbered) -> list[Sent]:
    """In a process of a crew. Plain words and numbers go over in a third of the time that objects take."""
    return [
        (each.line, each.key, each.result, each.code, each.field, each.entry.int if each.entry else None)
        for each in record_part(taken)
    ]


def _together(parts: Sequence[Future[list[Sent]]]) -> list[Outcome]:
    rows = sorted((row for part in parts for row in part.result()), key=itemgetter(0))
    return [
        Outcome(line, key, result, code, field, None if entry is None else UUID(int=entry))
        for line, key, result, code, field, entry in rows
    ]


def record_part(taken: Numbered, tenants: Tenants | None = None) -> list[Outcome]:
    """Record the lines of a batch, or of one process's share of it."""
    outcomes: list[Outcome] = []
    events: dict[UUID, list[Event]] = {}
    now = clock.now()
    with _without_collecting():
        for number, line in taken:
            tenant_id, event = parse_line(number, line, tenants or _of_child, now)
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
    return outcomes


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A batch is a million objects and no cycles: Python would look through all of them again and again for those."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _do_not_wait_for_the_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _wait_for_the_disk() -> None:
    """What was committed before a commit that waits is on disk with it. One that wrote nothing would not wait."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(true, 'readmit', 'usage')")


Prices = Mapping[Product, list[PricedProduct]]


def _record_tenant(events: Sequence[Event], prices: Prices) -> None:
    if any(event.corrects for event in events):
        # Before any case is locked, as everybody does who takes entries back.
        lock_billing()
    # Before prices are read: a plan that changes waits until these are written, and these until it has changed.
    share_budgets()
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


def _first_by_key_and_code(events: Iterable[Event]) -> list[Event]:
    return list({(event.outcome.key, event.outcome.code): event for event in reversed(list(events))}.values())


def _record_plain(events: Sequence[Event], prices: Prices) -> None:
    """Of the lines with one key the first is counted."""
    usages = [event.usage for event in events if event.usage]
    book = Book({product: prices[product] for product in {usage.product for usage in usages}})
    repeats = Repeats(book, usages)
    moment = clock.now()
    made: dict[str, Booking] = {}
    counted: list[Event] = []
    for event in events:
        if event.usage is None:
            continue
        if event.outcome.key not in made:
            try:
                made[event.outcome.key] = make_booking(book, event.usage, repeats, moment)
            except ReadmitError as problem:
                event.outcome.fail(problem.code, "vendor", kept=True)
                continue
        counted.append(event)
    new = record_bookings(list(made.values()), repeats, actor=OPERATOR)
    _tell(counted, made, new)


def _tell(events: Sequence[Event], made: Mapping[str, Booking], new: set[UUID]) -> None:
    """The first line of a new key was recorded; every other one is known, or another event under a used key."""
    old = [] if len(new) == len(made) else [key for key, entry in made.items() if entry.id not in new]
    found = UsageEntry.objects.filter(OneOf("idempotency_key", old)).values_list(*WRITTEN) if old else ()
    rows = {row.idempotency_key: row for row in map(Booking.read, found)}
    told: set[str] = set()
    for event in sorted(events, key=lambda event: event.outcome.line):
        key = event.outcome.key
        kept = rows.get(key) or made[key]
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


def _correct(event: Event, prices: Prices) -> None:
    """Take the earlier event back, and count this one in its place."""
    outcome, key = event.outcome, event.outcome.key
    wrong = UsageEntry.objects.filter(idempotency_key=event.corrects, kind=EntryKind.USAGE).first()
    if wrong is None:
        outcome.fail("corrected_unknown", "corrects", kept=True)
        return
    wrong = live_entry(wrong)
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
