"""Comparing a partner's lines with our checks. Pure: neither database nor clock.

Each line is matched with at most one check and each check with at most one line: by the reference, else by the case (the
nearest in time first), else, where the file knows neither, by the time. What is left over on either side is a difference,
and so is a pair that says two things. A pair gives one difference for each thing that differs, and none because of another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from portal.kit.money import EXPONENTS, rounded
from vendors.billing.bills.file import BillLine
from vendors.billing.document_models import PartnerDifference

Kind = PartnerDifference.Kind
# Two clocks that differ by less than this say the same period.
LEEWAY = timedelta(minutes=2)
# How far apart a line and a check may be that have nothing but their time in common, and two lines that are one check.
NEAR = timedelta(minutes=10)
# No case has that many; whoever makes one up does not get to keep a process busy.
MOST_PAIRS = 1_000_000
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class OurCheck:
    """A check of the ledger that nobody took back. `names` are what a partner may call it."""

    entry_id: UUID
    names: tuple[str, ...]
    cases: tuple[str, ...]
    case_reference: str
    occurred_at: datetime
    outcome: str
    billable: bool
    quantity: int
    unit_price: Decimal
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. `amount` is what it adds to their total that ours does not have."""

    kind: Kind
    line: BillLine | None
    check: OurCheck | None
    theirs: str = ""
    ours: str = ""
    amount: Decimal = NOTHING


@dataclass(slots=True)
class Matching:
    """Who belongs to whom. `taken` tells which line a check has; `doubles` name a check that another line has."""

    pairs: list[tuple[BillLine, OurCheck]] = field(default_factory=list)
    taken: dict[UUID, BillLine] = field(default_factory=dict)
    left: list[BillLine] = field(default_factory=list)
    doubles: list[BillLine] = field(default_factory=list)

    def pair(self, line: BillLine, check: OurCheck) -> None:
        self.pairs.append((line, check))
        self.taken[check.entry_id] = line


def name_key(text: str) -> str:
    return text.strip().casefold()


def without_cancelled(lines: Sequence[BillLine]) -> list[BillLine]:
    """Lines that a later one with the same reference takes back whole are not there."""
    open_lines: dict[tuple[str, Decimal], list[int]] = defaultdict(list)
    gone: set[int] = set()
    for place, line in enumerate(lines):
        if not line.reference:
            continue
        opposite = open_lines[name_key(line.reference), -line.amount]
        if line.amount < 0 and opposite:
            gone |= {place, opposite.pop()}
        else:
            open_lines[name_key(line.reference), line.amount].append(place)
    return [line for place, line in enumerate(lines) if place not in gone]


# ------------------------------------------------------------------ matching


def match(lines: Sequence[BillLine], checks: Sequence[OurCheck]) -> Matching:
    """Of the checks of the bill's own period."""
    found = Matching(left=list(lines))
    tried = [line for line in found.left if line.reference]
    _by_name(found, checks)
    references_serve = 2 * len(found.pairs) >= len(tried) > 0
    before, tried = len(found.pairs), [line for line in found.left if line.case_key]
    _by_case(found, checks)
    cases_serve = 2 * (len(found.pairs) - before) >= len(tried) > 0
    _by_time(
        found,
        checks,
        [
            line
            for line in found.left
            if not (references_serve and line.reference) and not (cases_serve and line.case_key)
        ],
    )
    return found


def match_elsewhere(found: Matching, checks: Iterable[OurCheck]) -> None:
    """Lines that are left, with checks of other periods: by what names them, never by time."""
    names = {name_key(line.reference) for line in found.left if line.reference}
    cases = {line.case_key for line in found.left if line.case_key}
    wanted = [check for check in checks if names.intersection(check.names) or cases.intersection(check.cases)]
    _by_name(found, wanted)
    _by_case(found, wanted)


def _by_name(found: Matching, checks: Iterable[OurCheck]) -> None:
    known = {name: check for check in checks for name in check.names}
    left = []
    for line in found.left:
        check = known.get(name_key(line.reference)) if line.reference else None
        if check is None:
            left.append(line)
        elif check.entry_id in found.taken:
            found.doubles.append(line)
        else:
            found.pair(line, check)
    found.left = left


def _by_case(found: Matching, checks: Iterable[OurCheck]) -> None:
    """Within a case the pair that is nearest in time first."""
    wanted: dict[str, list[BillLine]] = defaultdict(list)
    for line in found.left:
        if line.case_key:
            wanted[line.case_key].append(line)
    free: dict[str, list[OurCheck]] = defaultdict(list)
    for check in checks:
        if check.entry_id not in found.taken:
            for case in check.cases:
                if case in wanted:
                    free[case].append(check)
    done: set[int] = set()
    for case in sorted(free):
        if len(wanted[case]) * len(free[case]) > MOST_PAIRS:
            free[case] = sorted(free[case], key=lambda check: check.occurred_at)[
                : max(1, MOST_PAIRS // len(wanted[case]))
            ]
        near = sorted(
            (
                (not check.billable, _apart(line, check), line.line, check.entry_id.int, line, check)
                for line in wanted[case]
                for check in free[case]
            ),
            key=lambda pair: pair[:4],
        )
        told: set[tuple[object, ...]] = set()
        for *_order, line, check in near:
            same = (line.occurred_at, line.outcome, line.amount)
            if line.line in done or check.entry_id in found.taken or (not check.billable and same in told):
                continue  # the same line again is a double, and not a bill for what was free beside it
            found.pair(line, check)
            done.add(line.line)
            told.add(same)
    found.left = [line for line in found.left if line.line not in done]


class _Free:
    """Checks in their order of time; finds the nearest one that nobody took without walking over those that are taken."""

    def __init__(self, checks: Iterable[OurCheck], taken: Mapping[UUID, BillLine]) -> None:
        self.checks = sorted(checks, key=lambda check: check.occurred_at)
        self.moments = [check.occurred_at for check in self.checks]
        self.taken = taken
        self._after = list(range(len(self.checks) + 1))
        self._before = list(range(len(self.checks) + 1))

    def nearest(self, line: BillLine) -> OurCheck | None:
        """At or after the beginning of the line's time, or before it, within what is near. The nearer of the two."""
        place = bisect_left(self.moments, line.occurred_at)
        later, earlier = self._free(place, self._after, 1), self._free(place, self._before, -1)
        near = [
            (_apart(line, check), index, check)
            for index, check in ((later, self._at(later)), (earlier - 1, self._at(earlier - 1)))
            if check is not None
        ]
        best = min(near, default=None, key=lambda found: found[:2])
        return best[2] if best and best[0] <= NEAR else None

    def _at(self, place: int) -> OurCheck | None:
        return self.checks[place] if 0 <= place < len(self.checks) else None

    def _free(self, place: int, links: list[int], step: int) -> int:
        """From a border between two checks to the next one with a free check beyond it; the way is remembered."""
        passed = []
        while True:
            place = links[place]
            check = self._at(place if step > 0 else place - 1)
            if check is None or check.entry_id not in self.taken:
                break
            passed.append(place)
            place = links[place] if links[place] != place else place + step
        for each in passed:
            links[each] = place
        return place


def _by_time(found: Matching, checks: Sequence[OurCheck], lines: Sequence[BillLine]) -> None:
    """The nearest free check, of the same outcome where there is one; lines in their order of time."""
    free = [check for check in checks if check.entry_id not in found.taken and check.billable]
    outcomes = {check.outcome for check in free}
    alike = {
        outcome: _Free((check for check in free if check.outcome == outcome), found.taken)
        for outcome in outcomes
    }
    everything = _Free(free, found.taken)
    done: set[int] = set()
    for line in sorted(lines, key=lambda line: (line.occurred_at, line.line)):
        same = alike.get(str(line.outcome)) if line.outcome is not None else None
        check = (same.nearest(line) if same else None) or everything.nearest(line)
        if check is not None:
            found.pair(line, check)
            done.add(line.line)
    found.left = [line for line in found.left if line.line not in done]


def _apart(line: BillLine, check: OurCheck) -> timedelta:
    """Nothing within the day that a line names."""
    if line.occurred_at <= check.occurred_at <= line.ends_at:
        return timedelta(0)
    return min(abs(line.occurred_at - check.occurred_at), abs(line.ends_at - check.occurred_at))


# ------------------------------------------------------------------ what differs


def differences(
    found: Matching, checks: Sequence[OurCheck], start: datetime, end: datetime
) -> Iterator[Found]:
    """Everything that differs: of pairs, then of lines without a check, then of checks without a line."""
    for line, check in found.pairs:
        yield from _of_pair(line, check, start, end)
    yield from _of_left(found)
    for check in checks:
        is_inside = start + LEEWAY <= check.occurred_at < end - LEEWAY
        if check.billable and check.entry_id not in found.taken and is_inside:
            yield Found(Kind.MISSING_THERE, None, check, ours=_money(check.amount), amount=-check.amount)


def _of_left(found: Matching) -> Iterator[Found]:
    names = {name_key(line.reference) for line, _check in found.pairs if line.reference}
    by_case: dict[str, list[BillLine]] = defaultdict(list)
    for line, check in found.pairs:
        for case in check.cases:
            by_case[case].append(line)
    for line in found.doubles:
        yield Found(Kind.DOUBLE, line, None, theirs=_money(line.amount), amount=line.amount)
    for line in found.left:
        name = name_key(line.reference)
        is_double = (bool(name) and name in names) or any(
            abs(line.occurred_at - other.occurred_at) <= NEAR for other in by_case.get(line.case_key, ())
        )
        names |= {name} if name else set()
        kind = Kind.DOUBLE if is_double else Kind.MISSING_HERE
        yield Found(kind, line, None, theirs=_money(line.amount), amount=line.amount)


def _of_pair(line: BillLine, check: OurCheck, start: datetime, end: datetime) -> Iterator[Found]:
    is_ours = start - LEEWAY <= check.occurred_at < end + LEEWAY
    if not is_ours or not line.is_within(start, end, LEEWAY):
        told, counted = (
            moment.isoformat(timespec="minutes") for moment in (line.occurred_at, check.occurred_at)
        )
        yield Found(Kind.PERIOD, line, check, told, counted, line.amount if not is_ours else NOTHING)
        return
    if line.currency != check.currency:
        yield Found(Kind.CURRENCY, line, check, line.currency, check.currency)
        return
    ours = check.amount if check.billable else NOTHING
    if line.outcome is not None and line.outcome != check.outcome:
        changed = line.amount - ours if _price_differs(line, check) or not check.billable else NOTHING
        yield Found(Kind.OUTCOME, line, check, str(line.outcome), check.outcome, changed)
        return
    if not check.billable:
        if line.amount:
            yield Found(Kind.FREE, line, check, _money(line.amount), _money(NOTHING), line.amount)
        return
    yield from _of_sums(line, check)


def _of_sums(line: BillLine, check: OurCheck) -> Iterator[Found]:
    if line.quantity != check.quantity:
        changed = line.amount - check.amount
        yield Found(Kind.QUANTITY, line, check, str(line.quantity), str(check.quantity), changed)
        if line.unit_price in (None, check.unit_price):
            return  # an amount that does not follow from another quantity is the same difference
    if _price_differs(line, check):
        told = line.unit_price if line.unit_price is not None else _each(line)
        if told == check.unit_price:
            told = _each(line)
        changed = line.amount - check.unit_price * line.quantity
        yield Found(Kind.PRICE, line, check, _money(told), _money(check.unit_price), changed)


def _each(line: BillLine) -> Decimal:
    return (line.amount / line.quantity).quantize(Decimal("0.000001")) if line.quantity else line.amount


def _price_differs(line: BillLine, check: OurCheck) -> bool:
    """For the quantity they say: their price is not ours, or their amount is neither exact nor rounded once."""
    if line.unit_price is not None and line.unit_price != check.unit_price:
        return True
    exact = check.unit_price * line.quantity
    return line.amount not in (exact, rounded(exact, check.currency).amount, _half_up(exact, check.currency))


def _half_up(exact: Decimal, currency: str) -> Decimal:
    """Partners round up what we round to even."""
    return exact.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def _money(amount: Decimal) -> str:
    text = f"{amount:f}"
    whole, _point, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
