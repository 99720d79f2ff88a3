"""A partner's own invoice, compared with what the ledger counted under the tenant's contract with it.

Protects a tenant from paying what nobody counted. Nothing of the ledger changes: what differs is kept beside it, to be
settled with the partner. Memory is bounded by the lines of a file and the checks of its days, and both have a most.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.bulk import insert_many, uuid7_hexes
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id, public_id
from portal.kit.money import EXPONENTS
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.bills.file import BillLine, case_key, read_bill
from vendors.billing.bills.match import (
    Found,
    OurCheck,
    differences,
    match,
    match_elsewhere,
    name_key,
    without_cancelled,
)
from vendors.billing.book import standing
from vendors.billing.event_lines import CASES
from vendors.billing.models import EntryKind, Paid, PartnerDifference, PartnerInvoice, UsageEntry
from vendors.billing.price_file import amount_text
from vendors.models import ProofingAttempt

MOST_CHECKS = 100_000
LONGEST = timedelta(days=100)
# How far around the bill's days a check of another period is looked for.
AROUND = timedelta(days=92)
DECISION = "decision:"
COLUMNS = (
    *("id", "idempotency_key", "case_id", "case_reference", "occurred_at", "outcome"),
    *("billable", "quantity", "unit_price", "amount", "currency"),
)


@dataclass(frozen=True, slots=True)
class BillFacts:
    """What whoever sends the file says about it. Both days are the bill's, in the tenant's days."""

    vendor: str
    first_day: date
    last_day: date
    currency: str
    file_name: str


def own_contracts() -> list[str]:
    """The partners whose checks were counted under a contract of the tenant's own."""
    found = UsageEntry.objects.filter(connection_kind=Paid.OWN_CONTRACT)
    return sorted(found.order_by().values_list("vendor", flat=True).distinct())


def compare_bill(unverified: bytes, facts: BillFacts, *, actor: Actor) -> PartnerInvoice:
    """Read a partner's file and keep what differs. Invalid when the file or its days cannot be used."""
    zone = standing().anchor.zone
    start, end = _border(facts, zone)
    if facts.currency not in EXPONENTS:
        raise Invalid("currency_unknown", _("Choose a currency from the list."), field="currency")
    bill = read_bill(unverified, zone=zone, currency=facts.currency)
    checks = _checks(facts.vendor, start, end)
    known = {key for check in checks for key in check.cases}
    lines = [_with_case(line, known) for line in bill.lines]
    found = match(without_cancelled(lines), checks)
    if found.left:
        match_elsewhere(found, _elsewhere(facts.vendor, start, end))
    differing = list(differences(found, checks, start, end))
    row = _keep(facts, unverified, (start, end), bill.lines, checks, differing, bill.problems)
    record_event(
        EventName.PARTNER_INVOICE_COMPARED,
        actor=actor,
        subject=row.public_id,
        data={"vendor": facts.vendor, "count": row.lines, "differences": row.differences},
    )
    return row


def _border(facts: BillFacts, zone: Any) -> tuple[datetime, datetime]:
    if facts.last_day < facts.first_day:
        raise Invalid("days_unusable", _("The last day is before the first."), field="last_day")
    if facts.last_day - facts.first_day > LONGEST:
        raise Invalid("days_unusable", _("A bill is for at most 100 days."), field="last_day")
    start = datetime.combine(facts.first_day, time(), zone)
    end = datetime.combine(facts.last_day + timedelta(days=1), time(), zone)
    if start > clock.now():
        raise Invalid("days_unusable", _("These days have not come yet."), field="first_day")
    return start, end


# ------------------------------------------------------------------ our side


def _counted(vendor: str) -> QuerySet[UsageEntry]:
    taken_back = UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to=OuterRef("id"))
    return UsageEntry.objects.filter(
        ~Exists(taken_back), vendor=vendor, connection_kind=Paid.OWN_CONTRACT, kind=EntryKind.USAGE
    ).order_by()


def _checks(vendor: str, start: datetime, end: datetime) -> list[OurCheck]:
    found = _counted(vendor).filter(occurred_at__gte=start, occurred_at__lt=end)
    rows = list(found.values_list(*COLUMNS)[: MOST_CHECKS + 1])
    if len(rows) > MOST_CHECKS:
        raise Invalid(
            "too_many_checks",
            _("More than %(most)s checks were counted in these days. Compare fewer days at once.")
            % {"most": f"{MOST_CHECKS:,}"},
            field="first_day",
        )
    return list(_named(rows))


def _elsewhere(vendor: str, start: datetime, end: datetime) -> Iterator[OurCheck]:
    """Checks of the days around the bill's, a thousand at a time."""
    around = _counted(vendor).filter(occurred_at__gte=start - AROUND, occurred_at__lt=end + AROUND)
    for outside in (around.filter(occurred_at__lt=start), around.filter(occurred_at__gte=end)):
        batch: list[tuple[Any, ...]] = []
        for row in outside.values_list(*COLUMNS).iterator(chunk_size=1_000):
            batch.append(row)
            if len(batch) == 1_000:
                yield from _named(batch)
                batch = []
        yield from _named(batch)


def _named(rows: Sequence[tuple[Any, ...]]) -> Iterator[OurCheck]:
    """With every name that a partner may call them by: the key they were told with, our ids, and the partner's own."""
    attempts = [UUID(row[1].removeprefix(DECISION)) for row in rows if _is_attempt(row[1])]
    theirs = dict(ProofingAttempt.objects.filter(id__in=attempts).values_list("id", "partner_ref"))
    for row in rows:
        entry_id, key, case_id, reference = row[:4]
        attempt = UUID(key.removeprefix(DECISION)) if _is_attempt(key) else None
        names = {key, public_id(UsageEntry.prefix, entry_id)}
        if attempt is not None:
            names |= {str(attempt), public_id(ProofingAttempt.prefix, attempt), theirs.get(attempt, "")}
        cases = {case_key(reference), case_key(str(case_id)), case_key(public_id("case", case_id))}
        yield OurCheck(
            entry_id,
            tuple(name_key(name) for name in names if name),
            tuple(cases),
            reference,
            *row[4:],
        )


def _is_attempt(key: str) -> bool:
    return key.startswith(DECISION) and len(key) == len(DECISION) + 36


def _with_case(line: BillLine, known: set[str]) -> BillLine:
    """A word that names no case of ours by itself is the name that `record_usage` knows a case by."""
    if not line.case or line.case_key in known or _is_case(line.case):
        return line
    return replace(line, case_key=case_key(str(uuid5(CASES, f"{current_tenant_id()}:{line.case}"))))


def _is_case(text: str) -> bool:
    try:
        parse_public_id("case", text)
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------ what is kept


def _keep(
    facts: BillFacts,
    unverified: bytes,
    border: tuple[datetime, datetime],
    lines: Sequence[BillLine],
    checks: Sequence[OurCheck],
    differing: Sequence[Found],
    problems: Sequence[tuple[int, str]],
) -> PartnerInvoice:
    theirs = sum((line.amount for line in lines if line.currency == facts.currency), Decimal(0))
    ours = sum(
        (check.amount for check in checks if check.billable and check.currency == facts.currency), Decimal(0)
    )
    counts = Counter(str(each.kind) for each in differing)
    counts[str(PartnerDifference.Kind.UNREADABLE)] += len(problems)
    with_difference = {each.line.line for each in differing if each.line}
    row = PartnerInvoice.objects.create(
        vendor=facts.vendor,
        first_day=facts.first_day,
        last_day=facts.last_day,
        starts_at=border[0],
        ends_at=border[1],
        currency=facts.currency,
        file_name=facts.file_name[:200],
        file_digest=hashlib.sha256(unverified).hexdigest(),
        lines=len(lines) + len(problems),
        matched=len(lines) - len(with_difference),
        differences=len(differing) + len(problems),
        counts={kind: count for kind, count in counts.items() if count},
        totals={"theirs": amount_text(theirs), "ours": amount_text(ours)},
    )
    insert_many(PartnerDifference, _rows(row, differing, problems))
    return row


def _rows(
    bill: PartnerInvoice, differing: Sequence[Found], problems: Sequence[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    ordered = sorted(differing, key=lambda each: (each.line is None, each.line.line if each.line else 0))
    ids = iter(uuid7_hexes(len(differing) + len(problems)))
    for position, each in enumerate(ordered, 1):
        line, check = each.line, each.check
        yield {
            **_plain(bill, next(ids), position, str(each.kind)),
            "line": line.line if line else None,
            "reference": line.reference if line else "",
            "case_reference": check.case_reference if check else (line.case[:40] if line else ""),
            "occurred_at": line.occurred_at if line else check.occurred_at if check else None,
            "theirs": each.theirs,
            "ours": each.ours,
            "amount": str(each.amount.quantize(Decimal("0.000001"))),
            "entry_id": check.entry_id if check else None,
        }
    for position, (number, sentence) in enumerate(problems, len(differing) + 1):
        yield {
            **_plain(bill, next(ids), position, str(PartnerDifference.Kind.UNREADABLE)),
            "line": number,
            "reference": "",
            "case_reference": "",
            "occurred_at": None,
            "theirs": sentence[:120],
            "ours": "",
            "amount": "0",
            "entry_id": None,
        }


def _plain(bill: PartnerInvoice, row_id: str, position: int, kind: str) -> dict[str, Any]:
    return {
        "id": row_id,
        "tenant_id": bill.tenant_id,
        "created_at": bill.created_at,
        "bill_id": bill.id,
        "position": position,
        "kind": kind,
    }
