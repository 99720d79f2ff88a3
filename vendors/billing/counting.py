"""What the entries of the ledger do to the budgets they count in.

Protects budgets from entries that nobody adds up: whoever writes an entry of a check, of one taken back, of a reservation
or of its release calls `count_in_budgets` in the same transaction. A window's two sums are what those entries add up to,
kept beside them so that a cap is decided under the lock of one row. What it does not do: decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Sum

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.scope import current_tenant_id
from vendors.billing.book import Standing, budgets_lock, know_versions, standing
from vendors.billing.bounds import NOTHING, SPENDING, Priced, is_fine, most, most_of
from vendors.billing.models import Account, Budget, BudgetWindow, Entry, EntryKind

RESERVING = (EntryKind.RESERVATION, EntryKind.RELEASE)


class Countable(Priced, Protocol):
    """An entry, or what becomes one."""

    @property
    def currency(self) -> str: ...
    @property
    def vendor(self) -> str: ...
    @property
    def profile_id(self) -> UUID | None: ...
    @property
    def department(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end), in which a budget counts anew."""

    start: datetime
    end: datetime


def window_at(found: Standing, every: str, moment: datetime) -> Window:
    """The window that holds a moment: a billing period, or a day or year of the subscription's time zone."""
    if every == Budget.Every.PERIOD:
        period = found.period_at(moment)
        return Window(period.start, period.end)
    zone = found.anchor.zone
    day = moment.astimezone(zone).date()
    if every == Budget.Every.YEAR:
        first, following = day.replace(month=1, day=1), day.replace(year=day.year + 1, month=1, day=1)
    else:
        first, following = day, day + timedelta(days=1)
    return Window(datetime.combine(first, time(), zone), datetime.combine(following, time(), zone))


def counts(budget: Budget, entry: Countable) -> bool:
    """Whether an entry is of what the budget is for. Another currency never is: amounts in two do not add."""
    return (
        entry.currency == budget.currency
        and budget.vendor in ("", entry.vendor)
        and budget.profile_id in (None, entry.profile_id)
        and budget.department in ("", entry.department)
    )


def share_budgets() -> None:
    """Held to the end of the transaction by whoever writes a check, so that nobody opens a budget or closes a period
    meanwhile."""
    _lock("pg_advisory_xact_lock_shared")


def hold_budgets() -> None:
    """Held by whoever opens a budget or closes a period: what is written before is in its sum, what comes later is not."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(hashtextextended(%s, 0))",
            [budgets_lock()],
        )


@dataclass(slots=True)
class Sums:
    """What entries add to a window. `fine` are the price versions whose lines may be rounded up."""

    spent: Decimal = NOTHING
    reserved: Decimal = NOTHING
    fine: set[str] = field(default_factory=set)

    def add(self, entry: Countable) -> None:
        if entry.kind in SPENDING:
            self.spent += most_of(entry)
        else:
            self.reserved += entry.amount
        if is_fine(entry.price_version_id, entry.connection_kind):
            self.fine.add(str(entry.price_version_id))


Passed = Callable[[Budget, BudgetWindow], None]


def count_in_budgets(entries: Sequence[Countable], passed: Passed) -> None:
    """Add new entries to the budgets they count in, each window once and all in one order. `passed` is called for each
    window that changed, while it is locked."""
    share_budgets()
    add_to_budgets(entries, passed)


def add_to_budgets(entries: Sequence[Countable], passed: Passed) -> None:
    """The same for a caller who holds a lock of them already."""
    budgets = list(Budget.objects.filter(closed_at=None))
    if not budgets:
        return
    found = standing()
    sums: dict[tuple[UUID, datetime], tuple[Budget, Window, Sums]] = {}
    for entry in entries:
        if not most_of(entry):
            continue
        for budget in budgets:
            if counts(budget, entry):
                window = window_at(found, budget.every, entry.occurred_at)
                # What was over before the budget was opened is none of its business.
                if window.end > budget.created_at:
                    sums.setdefault((budget.id, window.start), (budget, window, Sums()))[2].add(entry)
    for key in sorted(sums):
        budget, window, added = sums[key]
        passed(budget, add_to_window(budget, window, added))


def add_to_window(budget: Budget, window: Window, added: Sums | None = None) -> BudgetWindow:
    """The window's row, locked, with these amounts added. It is made when its first entry comes."""
    added = added or Sums()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_budgetwindow AS present "
            "(id, tenant_id, created_at, budget_id, starts_at, ends_at, spent, reserved, fine, told) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '[]', '[]') "
            "ON CONFLICT (tenant_id, budget_id, starts_at) DO UPDATE "
            "SET spent = present.spent + excluded.spent, reserved = present.reserved + excluded.reserved "
            "RETURNING id",
            [
                uuid7(),
                current_tenant_id(),
                clock.now(),
                budget.id,
                window.start,
                window.end,
                added.spent,
                added.reserved,
            ],
        )
        (row_id,) = cursor.fetchone()
    row = BudgetWindow.objects.get(id=row_id)
    if not added.fine <= set(row.fine):
        row.fine = sorted(added.fine.union(row.fine))
        row.save(update_fields=["fine"])
    return row


def sums_of(budget: Budget, window: Window) -> Sums:
    """As the ledger has it."""
    rows = Entry.objects.filter(
        kind__in=SPENDING + RESERVING,
        occurred_at__gte=window.start,
        occurred_at__lt=window.end,
        currency=budget.currency,
    )
    if budget.vendor:
        rows = rows.filter(vendor=budget.vendor)
    if budget.profile_id:
        rows = rows.filter(profile_id=budget.profile_id)
    if budget.department:
        rows = rows.filter(department=budget.department)
    alike = rows.values_list("kind", "billable", "connection_kind", "price_version_id")
    found = list(alike.annotate(Sum("amount"), Sum("quantity")))
    know_versions(version_id for _kind, _billable, _paid, version_id, _amount, _units in found)
    sums = Sums()
    for kind, billable, paid, version_id, amount, units in found:
        if kind in RESERVING:
            sums.reserved += amount
        else:
            sums.spent += most(amount, units, billable, paid, version_id)
        if is_fine(version_id, paid):
            sums.fine.add(str(version_id))
    return sums


# ------------------------------------------------------------------ reservations


def reserved_key(key: str) -> str:
    return f"reserved:{key}"


def open_reservations(keys: Iterable[str]) -> list[Entry]:
    """Of the checks with these keys; those that were released are none any more."""
    released = Entry.objects.filter(kind=EntryKind.RELEASE, refers_to=OuterRef("id"))
    wanted = [reserved_key(key) for key in keys]
    rows = Entry.objects.filter(kind=EntryKind.RESERVATION, idempotency_key__in=wanted)
    return list(rows.filter(~Exists(released)).order_by("id"))


def release_of(reservation: Entry) -> Entry:
    """The entry that takes a reservation off again, in the reservation's own window. Not written yet."""
    return Entry(
        kind=EntryKind.RELEASE,
        transaction_id=reservation.transaction_id,
        idempotency_key=f"released:{reservation.id}",
        debit=Account.RESERVED,
        credit=Account.BUDGETS,
        amount=-reservation.amount,
        refers_to_id=reservation.id,
        quantity=-reservation.quantity,
        **{name: getattr(reservation, name) for name in _KEPT},
    )


_KEPT = (
    "currency",
    "meter",
    "vendor",
    "connection_kind",
    "price_version_id",
    "contract_price_id",
    "unit_price",
    "case_id",
    "case_reference",
    "step",
    "mode",
    "profile_id",
    "department",
    "occurred_at",
)
