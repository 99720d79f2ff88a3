"""Reading a partner's own invoice: bytes in, lines out. The ledger is not asked here.

A line that cannot be read is told by its number and the rest goes on; a file that cannot be read as a whole is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from portal.kit.money import EXPONENTS
from portal.kit.sheet_file import BadCell, Columns, decode, named_cells, read_heading, records
from vendors.billing.rating.billability import Outcome, outcome_named

MAX_LINES = 20_000
LONGEST = 120
LARGEST = Decimal(1_000_000_000)
# What partners call the columns, compared without case, spaces, hyphens and underscores.
ALIASES = {
    "reference": (
        "reference",
        "ref",
        "transactionid",
        "transaction",
        "sessionid",
        "checkid",
        "id",
        "requestid",
    ),
    "case": ("case", "caseid", "casereference", "clientreference", "customerreference", "externalid"),
    "occurred_at": ("occurredat", "date", "time", "timestamp", "datetime", "createdat", "completedat"),
    "outcome": ("outcome", "result", "status", "decision", "verdict"),
    "quantity": ("quantity", "qty", "units", "count"),
    "unit_price": ("unitprice", "price", "priceperunit", "pricepercheck", "rate"),
    "amount": ("amount", "total", "charge", "netamount", "lineamount"),
    "currency": ("currency", "currencycode"),
}
REQUIRED = ("occurred_at",)
COLUMNS = Columns(ALIASES, REQUIRED)
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?")
_GROUPED = re.compile(r"-?[0-9]{1,3}([,.' ][0-9]{3})+([.,][0-9]{1,8})?")


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line as the partner has it. `outcome` is None for a word nobody knows, or none. `ends_at` is after
    `occurred_at` where the file names a day and no time."""

    line: int
    reference: str
    case: str
    occurred_at: datetime
    ends_at: datetime
    outcome: Outcome | None
    quantity: int
    unit_price: Decimal | None
    amount: Decimal
    currency: str
    # The case as it is compared.
    case_key: str

    def is_within(self, start: datetime, end: datetime, leeway: timedelta) -> bool:
        return self.occurred_at < end + leeway and self.ends_at >= start - leeway


@dataclass(slots=True)
class Bill:
    lines: list[BillLine] = field(default_factory=list)
    # (line, sentence) of what could not be read.
    problems: list[tuple[int, str]] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)


def read_bill(unverified: bytes, *, zone: ZoneInfo, currency: str) -> Bill:
    """Every line. Times without an offset are in `zone`, lines without a currency in `currency`. Invalid for a file that
    names neither a price nor an amount, and for what is no CSV file."""
    lines = records(decode(unverified), COLUMNS)
    header = next(lines, (1, []))[1]
    places, ignored = read_heading(header, COLUMNS)
    if not {"unit_price", "amount"} & set(places.values()):
        raise Invalid(
            "columns_missing",
            _("Neither a column “amount” nor a column “unit_price” is there."),
            field="file",
        )
    bill = Bill(ignored_columns=ignored)
    for count, (line, cells) in enumerate(lines, start=1):
        if count > MAX_LINES:
            raise Invalid(
                "too_many_rows",
                _("This file has more than %(most)s lines. Split it by days.") % {"most": f"{MAX_LINES:,}"},
                field="file",
            )
        try:
            bill.lines.append(_line(line, named_cells(cells, places, len(header)), zone, currency))
        except BadCell as problem:
            bill.problems.append((line, str(problem)))
    if not bill.lines and not bill.problems:
        raise Invalid("file_empty", _("This file has a heading and no lines."), field="file")
    return bill


def _line(number: int, cells: dict[str, str], zone: ZoneInfo, currency: str) -> BillLine:
    begun, ended = _moment(cells["occurred_at"], zone)
    case = _text(cells.get("case", ""))
    quantity = _quantity(cells.get("quantity", ""))
    price = _decimal(cells["unit_price"]) if cells.get("unit_price") else None
    amount = _decimal(cells["amount"]) if cells.get("amount") else None
    if amount is None:
        if price is None:
            raise BadCell(_("Neither a price nor an amount is there."))
        amount = price * quantity
    return BillLine(
        line=number,
        reference=_text(cells.get("reference", "")),
        case=case,
        occurred_at=begun,
        ends_at=ended,
        outcome=_outcome(cells.get("outcome", "")),
        quantity=quantity,
        unit_price=price,
        amount=amount,
        currency=_currency(cells.get("currency", "")) or currency,
        case_key=case_key(case),
    )


def case_key(text: str) -> str:
    """`K7QM-3XWT`, `k7qm3xwt` and `case_…` alike: without case, spaces and hyphens."""
    return "".join(character for character in text.casefold() if character not in "- ")


def _text(cell: str) -> str:
    if len(cell) > LONGEST:
        raise BadCell(_("A reference is longer than %(most)s characters.") % {"most": LONGEST})
    return cell


def _outcome(cell: str) -> Outcome | None:
    try:
        return outcome_named("_".join(cell.casefold().split()))
    except ValueError:
        return None


def _currency(cell: str) -> str:
    code = cell.upper()
    if code and code not in EXPONENTS:
        raise BadCell(_("“%(value)s” is not a currency we know.") % {"value": cell[:20]})
    return code


def _quantity(cell: str) -> int:
    if not cell:
        return 1
    number = _decimal(cell)
    if number != number.to_integral_value() or not -1_000_000 <= number <= 1_000_000:
        raise BadCell(_("“%(value)s” is not a whole number.") % {"value": cell[:20]})
    return int(number)


def _decimal(cell: str) -> Decimal:
    """`1234.50`, `1,234.50`, `1.234,50` and `0,95`. What could be read in two ways is refused."""
    text = cell.replace("\u00a0", " ").replace("\u202f", " ").replace("−", "-").strip()
    if _GROUPED.fullmatch(text):
        point = max(text.rfind("."), text.rfind(","))
        separators = {character for character in text if character in ",.' "}
        if len(separators) == 1 and (text.count(",") == 1 or ("." in separators and text.count(".") == 1)):
            if "," in separators:
                raise BadCell(
                    _("“%(value)s” can be read in two ways. Write 1234.00 or 1.234.") % {"value": cell[:20]}
                )
        elif len(separators) == 1:
            text = "".join(character for character in text if character not in ",.' ")
        else:
            whole = "".join(character for character in text[:point] if character not in ",.' ")
            text = f"{whole}.{text[point + 1 :]}"
    elif text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise BadCell(_("“%(value)s” is not an amount. Write it as 1234.50.") % {"value": cell[:20]})
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = LARGEST
    if abs(number) >= LARGEST:
        raise BadCell(_("“%(value)s” is too large.") % {"value": cell[:20]})
    return number


def _moment(cell: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When it happened; from the beginning to the end of a day where there is no time."""
    try:
        moment = datetime.fromisoformat(cell.replace("/", "-"))
    except ValueError:
        moment = None
    if moment is None or not 2000 <= moment.year <= 2200:
        raise BadCell(
            _("“%(value)s” is not a time. Write it as 2026-05-31T14:05:00Z or as 2026-05-31.")
            % {"value": cell[:30]}
        )
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if len(cell) <= 10:
        return aware, aware + timedelta(days=1) - timedelta(seconds=1)
    return aware, aware


def known_columns() -> Iterator[tuple[str, bool, str]]:
    """(name, needed, also read as) of each column, for the page that explains the format."""
    for name, aliases in ALIASES.items():
        yield name, name in REQUIRED, ", ".join(aliases)
