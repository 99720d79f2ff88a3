"""Closing a period: its invoice, the credit notes for earlier ones, and the bookings that make the ledger agree.

Protects the books from a second invoice for the same period and from a period skipped. After a period is closed nothing
of it is left on the account of what is not invoiced; what comes late is made up for when the next one is closed. What it
does not do: collect money. Taxes and payments are noted as whoever collects them says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Min
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.ids import uuid7
from portal.kit.money import EXPONENTS, Money
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import Standing, standing
from vendors.billing.collecting.asking import ask_to_collect
from vendors.billing.counting import hold_budgets
from vendors.billing.details import parties_of
from vendors.billing.drafting import closed_periods, draft_of
from vendors.billing.insertion import insert_new
from vendors.billing.models import Account, Entry, EntryKind, Invoice, InvoiceLine, UsageEntry
from vendors.billing.rating.invoice import Draft, Line, LineKind
from vendors.billing.rating.periods import Period, period_after
from vendors.billing.recording import lock_billing
from vendors.billing.subscriptions import pin_standing

# So long after its end a period is closed by itself: what files and slow partners bring until then stands on its invoice.
WAIT = timedelta(hours=24)


def next_due() -> str:
    """The earliest period that is to be closed by now, `2026-02`; empty when there is none."""
    found = standing()
    running = found.period_at(clock.now() - WAIT)
    closed = {earlier.label for earlier in closed_periods(found)}
    return next((each.label for each in _periods_until(found, running) if each.label not in closed), "")


def close_period(label: str, *, actor: Actor) -> list[Invoice]:
    """Close the period that begins in a month (`2026-02`). The invoices and credit notes, one of each currency.

    Invalid for a period that runs still or is closed already, and while an earlier one is open.
    """
    lock_billing()
    found = standing()
    period = _closable(found, label)
    pin_standing(found, actor)
    counted_to = _wait_for_writers()
    made = []
    for drafts in draft_of(found, period):
        notes = [_write(Invoice.Kind.CREDIT_NOTE, note, period, counted_to) for note in drafts.credit_notes]
        made += [_write(Invoice.Kind.INVOICE, drafts.invoice, period, counted_to), *notes]
    ask_to_collect(made)
    record_event(
        EventName.PERIOD_CLOSED,
        actor=actor,
        data={"period": label, "amount": [str(Money(doc.total_minor, doc.currency)) for doc in made]},
    )
    return made


def _wait_for_writers() -> int:
    """Until whoever is writing a check is done; nobody begins before the transaction ends. The serial that all the entries
    written by then are below, and all later ones above."""
    hold_budgets()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('billing_serial')")
        return int(cursor.fetchone()[0])


def _closable(found: Standing, label: str) -> Period:
    try:
        period = found.period_named(label)
    except ValueError:
        raise Invalid("period_unusable", _("Name a month, for example 2026-02.")) from None
    if period.end > clock.now():
        raise Invalid("period_open", _("This period is not over yet."))
    closed = {earlier.label for earlier in closed_periods(found)}
    if label in closed:
        raise Invalid("period_closed", _("This period is closed already."))
    for earlier in _periods_until(found, period):
        if earlier.label not in closed:
            raise Invalid(
                "earlier_period_open",
                _("Close %(period)s first.") % {"period": earlier.label},
                detail={"period": earlier.label},
            )
    return period


def _periods_until(found: Standing, period: Period) -> Iterator[Period]:
    """From the first event or the subscription's beginning to the period before this one."""
    first: datetime | None = UsageEntry.objects.aggregate(first=Min("occurred_at"))["first"]
    begun = min(first or found.spans[0].start, found.spans[0].start)
    earlier = found.period_at(begun)
    while earlier.start < period.start:
        yield earlier
        earlier = period_after(found.anchor, earlier)


def _write(kind: Invoice.Kind, drafted: Draft, closing: Period, counted_to: int) -> Invoice:
    about = drafted.period
    earlier = Invoice.objects.filter(kind=kind, period=about.label, currency=drafted.currency).count()
    invoice = Invoice.objects.create(
        kind=kind,
        period=about.label,
        period_start=about.start,
        period_end=about.end,
        currency=drafted.currency,
        number=earlier + 1,
        closed_with=closing.label,
        counted_to=counted_to,
        total_minor=drafted.total,
        parties=parties_of(kind, about.label, drafted.currency, earlier + 1),
    )
    InvoiceLine.objects.bulk_create(
        _row(invoice, position, line) for position, line in enumerate(drafted.lines, 1)
    )
    insert_new(list(_bookings(invoice, drafted)))
    return invoice


def _row(invoice: Invoice, position: int, line: Line) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice,
        position=position,
        kind=line.kind.value,
        about=line.about,
        meter=line.meter,
        vendor=line.vendor,
        source_id=UUID(line.version),
        quantity=line.quantity,
        entries=line.entries,
        exact=line.exact,
        at_list_price=line.at_list_price,
        minor=line.minor,
        detail=dict(line.detail),
    )


def _bookings(invoice: Invoice, drafted: Draft) -> Iterator[Entry]:
    """From what the checks were booked at, to what stands on the lines, to what is owed: one transaction."""
    transaction, name = uuid7(), f"{invoice.kind}:{invoice.period}:{invoice.currency}:{invoice.number}"

    def booking(kind: EntryKind, amount: Decimal, position: int, line: Line | None = None) -> Entry:
        debit, credit = _SIDES[kind]
        is_credit = line is not None and line.kind is LineKind.CREDIT
        return Entry(
            kind=kind,
            transaction_id=transaction,
            idempotency_key=f"{name}:{position}:{kind.value}",
            debit=debit,
            credit=credit,
            amount=amount,
            currency=invoice.currency,
            meter=line.meter if line else "",
            vendor=line.vendor if line else "",
            price_version_id=UUID(line.version) if line and not is_credit else None,
            refers_to_id=UUID(line.version) if line and is_credit else None,
            invoice=invoice,
            occurred_at=clock.now(),
        )

    for position, line in enumerate(drafted.lines, 1):
        minor = _major(line.minor, drafted.currency)
        if line.kind is LineKind.USAGE:
            if line.exact != line.at_list_price:
                yield booking(EntryKind.ALLOWANCE, line.exact - line.at_list_price, position, line)
            if minor != line.exact:
                yield booking(EntryKind.ROUNDING, minor - line.exact, position, line)
        elif line.kind is LineKind.CREDIT:
            yield booking(EntryKind.CREDIT, -minor, position, line)
        elif line.minor:
            kind = EntryKind.FEE if line.kind is LineKind.FEE else EntryKind.MINIMUM
            yield booking(kind, minor, position, line)
    owed = EntryKind.INVOICE if invoice.kind == Invoice.Kind.INVOICE else EntryKind.CREDIT_NOTE
    if drafted.total:
        yield booking(owed, _major(drafted.total, drafted.currency), 0)


_SIDES = {
    EntryKind.ALLOWANCE: (Account.UNBILLED, Account.REVENUE),
    EntryKind.ROUNDING: (Account.UNBILLED, Account.REVENUE),
    EntryKind.MINIMUM: (Account.UNBILLED, Account.REVENUE),
    EntryKind.FEE: (Account.UNBILLED, Account.REVENUE),
    EntryKind.CREDIT: (Account.CREDITS, Account.UNBILLED),
    EntryKind.INVOICE: (Account.RECEIVABLE, Account.UNBILLED),
    EntryKind.CREDIT_NOTE: (Account.RECEIVABLE, Account.UNBILLED),
}


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-EXPONENTS[currency])


# ------------------------------------------------------------------ credits and taxes


def grant_credit(
    *, key: str, credit: Money, expires_at: datetime | None, actor: Actor, is_paid: bool = False
) -> Entry:
    """Money that pays before anything else: given, or paid in advance. Quiet when the key exists."""
    if credit.minor <= 0 or (expires_at is not None and expires_at <= clock.now()):
        raise Invalid("credit_unusable", _("A credit is more than nothing and expires later than now."))
    entry = Entry(
        kind=EntryKind.CREDIT_GRANTED,
        idempotency_key=key,
        debit=Account.PREPAID if is_paid else Account.PROMOTIONS,
        credit=Account.CREDITS,
        amount=credit.amount,
        currency=credit.currency,
        expires_at=expires_at,
        occurred_at=clock.now(),
    )
    if not insert_new([entry]):
        return Entry.objects.get(idempotency_key=key)
    record_event(
        EventName.CREDIT_GRANTED,
        actor=actor,
        subject=entry.public_id,
        data={"amount": str(credit.amount), "currency": credit.currency},
    )
    return entry


def note_tax(invoice_id: UUID, *, key: str, tax: Money, actor: Actor) -> Entry:
    """The tax of an invoice or credit note, as whoever computed it says. Quiet when the key exists."""
    invoice = Invoice.objects.get(id=invoice_id)
    if tax.currency != invoice.currency:
        raise Invalid("currency_differs", _("The tax of an invoice is in the invoice's currency."))
    entry = Entry(
        kind=EntryKind.TAX,
        idempotency_key=key,
        debit=Account.RECEIVABLE,
        credit=Account.TAX,
        amount=tax.amount,
        currency=tax.currency,
        invoice=invoice,
        occurred_at=clock.now(),
    )
    if not insert_new([entry]):
        return Entry.objects.get(idempotency_key=key)
    record_event(
        EventName.TAX_NOTED,
        actor=actor,
        subject=invoice.public_id,
        data={"amount": str(tax.amount), "currency": tax.currency},
    )
    return entry
