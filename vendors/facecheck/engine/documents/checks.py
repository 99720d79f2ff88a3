"""The checks on what was read, each by itself: pure, over the zone, the print and the day.

A check that fails is `sure` when no camera could have made the difference; only then may it refuse.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from .crosscheck import SHORTEST_CUT, SURE, Agreement, compare_dates, compare_names, compare_numbers
from .lookalikes import may_be_misread
from .mrz import Format, Mrz, ProblemCode
from .outcome import Check, CheckOutcome
from .printed_dates import dates_in
from .states import UTOPIA, is_known_state
from .typeface import Typeface
from .visual import Print, VisualField, VisualZone
from .zones import MOST_STRAY, ZoneReading

OLDEST = timedelta(days=366 * 120)
LONGEST_VALIDITY = timedelta(days=366 * 20)
LEAST_EVENNESS = 0.84
# Of the letters with OCR-B: specimens reach 0.84 and more, other typefaces 0.79 at most, where the photograph is fair.
LEAST_LIKENESS = 0.81
LEAST_LETTERS = 8
LEAST_NUMBER = 5
SURE_ZONE = 0.7
_TITLES_OF_PASSPORTS = """
PASSPORT PASSEPORT REISEPASS PASAPORTE PASSAPORTO PASSAPORTE PASZPORT PASPOORT PAS PASS PASSI
"""
_TITLES_OF_CARDS = """
IDENTITY IDENTITE IDENTIDAD IDENTITA PERSONALAUSWEIS IDENTITEITSKAART
"""
PASSPORT_WORDS, CARD_WORDS = frozenset(_TITLES_OF_PASSPORTS.split()), frozenset(_TITLES_OF_CARDS.split())


@dataclass(frozen=True, slots=True)
class Judged:
    check: Check
    sure: bool = True

    @property
    def failed(self) -> bool:
        return self.check.outcome is CheckOutcome.FAILED


def judge_zone(
    zone: ZoneReading, printed: list[Judged], *, today: date, accept_specimens: bool
) -> list[Judged]:
    """`printed` are the answers of `judge_print`: print that agrees shows that the zone was not misread."""
    mrz = zone.mrz
    stable = zone.agreeing >= 2 and zone.stray <= MOST_STRAY
    # No check digit covers the states, the sex and the names: what is odd there has to be seen clearly.
    clear = stable and zone.sureness >= SURE_ZONE
    return [
        _check_digits(mrz, stable and _corroborated(mrz, printed) and not may_be_misread(mrz, today=today)),
        _layout(mrz, clear),
        _issuer(mrz, accept_specimens, clear),
        _birthdate(mrz, today),
        _expiry(mrz, today),
    ]


def judge_size(other: Format | None, mrz: Mrz) -> Judged:
    """9303-4 to 9303-6, 2.1: each format's zone has a page of its own size. `other` is the format of the page seen.

    A zone of which a finger hides a part looks like a shorter format's, but its check digits do not."""
    return _judged("page_size", other is None, f"page_of:{other}", sure=mrz.check_digits_right)


def judge_typeface(evenness: float, typeface: Typeface) -> Judged:
    """9303-3, 4.5: the zone is set in OCR-B, on a fixed pitch. A warped page may look uneven, and a soft photograph takes
    the letters' shapes away: the answer is another photograph, never a refusal, and never a pass."""
    if evenness < LEAST_EVENNESS:
        return _judged("zone_typeface", False, "pitch_uneven", sure=False)
    if typeface.letters < LEAST_LETTERS:
        return _not_done("zone_typeface", "too_few_letters")
    return _judged("zone_typeface", typeface.likeness >= LEAST_LIKENESS, "letters_differ", sure=False)


def judge_print(zone: ZoneReading, visual: VisualZone, *, today: date) -> list[Judged]:
    mrz, names = zone.mrz, zone.mrz.names
    return [
        _name("family_name_match", "family_name", names.family_name, zone, visual),
        _name("given_names_match", "given_names", names.given_names, zone, visual),
        _number(zone, visual),
        _date("birthdate_match", "birthdate", mrz.birthdate, zone, visual),
        _date("expiry_match", "expiry", mrz.expiry, zone, visual),
        _kind(mrz, visual),
        _sex(mrz, visual),
        _issue(mrz, visual, today),
    ]


def choose_layout(zone: ZoneReading, visual: VisualZone, *, today: date) -> VisualZone:
    """The zone with the fields of the layout that agrees best with it: values stand below their labels, beside or above.

    One layout holds for a whole page, so a forged field stays one that differs among others that agree."""
    candidates = [VisualZone(fields, visual.prints) for fields in visual.layouts] or [visual]

    def agreed(candidate: VisualZone) -> int:
        judged = judge_print(zone, VisualZone(candidate.labelled, ()), today=today)
        return sum(item.check.outcome is CheckOutcome.PASSED for item in judged)

    return max(candidates, key=agreed)


def _corroborated(mrz: Mrz, printed: list[Judged]) -> bool:
    """What the wrong digits cover stands in print as it was read in the zone; else the camera may be at fault."""
    agreed = {item.check.name for item in printed if item.check.outcome is CheckOutcome.PASSED}
    wrong = {problem.field for problem in mrz.problems} & {"document_number", "birthdate", "expiry"}
    return {f"{field}_match" for field in wrong or {"document_number", "birthdate", "expiry"}} <= agreed


def _check_digits(mrz: Mrz, stable: bool) -> Judged:
    wrong = [problem.field for problem in mrz.problems if problem.code is ProblemCode.CHECK_DIGIT_WRONG]
    return _judged("check_digits", not wrong, "wrong:" + ",".join(wrong), sure=stable)


def _layout(mrz: Mrz, stable: bool) -> Judged:
    odd = [problem for problem in mrz.problems if problem.code is not ProblemCode.CHECK_DIGIT_WRONG]
    reason = ",".join(f"{problem.code}:{problem.field}" for problem in odd)
    return _judged("zone_layout", not odd, reason, sure=stable and mrz.check_digits_right)


def _issuer(mrz: Mrz, accept_specimens: bool, stable: bool) -> Judged:
    """Utopia issues specimens only."""
    if mrz.issuing_state == UTOPIA:
        return _judged("genuine_issuer", accept_specimens, "specimen")
    return _judged(
        "genuine_issuer",
        is_known_state(mrz.issuing_state),
        "state_unknown",
        sure=stable and mrz.check_digits_right,
    )


def _birthdate(mrz: Mrz, today: date) -> Judged:
    if mrz.birthdate is None:
        return _not_done("birthdate_plausible", "unknown")
    plausible = today - OLDEST < mrz.birthdate <= today
    return _judged("birthdate_plausible", plausible, "implausible", sure=mrz.check_digits_right)


def _expiry(mrz: Mrz, today: date) -> Judged:
    if mrz.expiry is None:
        return _not_done("not_expired", "unknown")
    return _judged("not_expired", mrz.expiry >= today, "expired", sure=mrz.check_digits_right)


def _name(check: str, label: str, wanted: str, zone: ZoneReading, visual: VisualZone) -> Judged:
    """A long family name may leave room for a letter or two of the given names, which stand last (9303-3, 4.6)."""
    truncated = zone.mrz.names.truncated
    shortest = 1 if label == "given_names" else SHORTEST_CUT

    def compare(text: str, sureness: float) -> Agreement:
        sure = min(sureness, zone.name_sureness)
        return compare_names(text, wanted, truncated=truncated, sureness=sure, shortest=shortest)

    if not wanted:
        return _judged(check, label not in visual.labelled, "differs", sure=False)
    return _compared(check, label, zone, visual, compare)


def _number(zone: ZoneReading, visual: VisualZone) -> Judged:
    number = zone.mrz.document_number

    def compare(text: str, sureness: float) -> Agreement:
        return compare_numbers(text, number, sureness=sureness)

    if len(number) < LEAST_NUMBER:
        return _not_done("document_number_match", "number_too_short")
    field = visual.labelled.get("document_number")
    if field and not any(char.isdigit() for char in field.text) and any(char.isdigit() for char in number):
        # A word is no number: the label's second language, or the field beside it.
        labelled = {name: value for name, value in visual.labelled.items() if value is not field}
        visual = VisualZone(labelled, visual.prints)
    return _compared("document_number_match", "document_number", zone, visual, compare)


def _date(check: str, label: str, wanted: date | None, zone: ZoneReading, visual: VisualZone) -> Judged:
    if wanted is None:
        return _not_done(check, "unknown")

    def compare(text: str, sureness: float) -> Agreement:
        return compare_dates(dates_in(text), wanted, sureness=sureness)

    return _compared(check, label, zone, visual, compare)


def _kind(mrz: Mrz, visual: VisualZone) -> Judged:
    """The title of the page against the zone: a passport has a TD3 zone, and nothing else has."""
    titles = [(set(re.findall(r"[A-Z]+", item.text.upper())), item.sureness) for item in visual.prints]
    passport = [sureness for words, sureness in titles if words and words <= PASSPORT_WORDS]
    card = [sureness for words, sureness in titles if words & CARD_WORDS]
    if not passport and not card:
        return _not_done("type_match", "not_read")
    fits = bool(passport) if mrz.format is Format.TD3 else bool(card)
    return _judged("type_match", fits, "differs", sure=max(passport + card) >= SURE)


def _sex(mrz: Mrz, visual: VisualZone) -> Judged:
    """Only M against F speaks: some states print a letter of their language, or both."""
    field = visual.labelled.get("sex")
    printed = set(re.findall(r"[A-Z]+", field.text.upper())) & {"M", "F"} if field else set()
    if field is None or len(printed) != 1 or mrz.sex not in ("M", "F"):
        return _not_done("sex_match", "not_read")
    return _judged("sex_match", printed == {mrz.sex}, "differs", sure=field.sureness >= SURE)


def _issue(mrz: Mrz, visual: VisualZone, today: date) -> Judged:
    """Issued before it expires, after birth, not in the future, and not for longer than any issuer grants."""
    field = visual.labelled.get("issued")
    dates = dates_in(field.text) if field else frozenset()
    if field is None or not dates or mrz.expiry is None:
        return _not_done("issue_plausible", "not_read")
    expiry, born = mrz.expiry, mrz.birthdate or date.min
    fine = any(born <= day <= today and day < expiry <= day + LONGEST_VALIDITY for day in dates)
    return _judged("issue_plausible", fine, "implausible", sure=field.sureness >= SURE)


def _compared(
    check: str,
    label: str,
    zone: ZoneReading,
    visual: VisualZone,
    compare: Callable[[str, float], Agreement],
) -> Judged:
    """Under its label; where no label was read, anywhere on the page, and then only agreement counts."""
    field = visual.labelled.get(label)
    if field is None:
        agreed = any(
            compare(text, item.sureness) is Agreement.SAME
            for item in visual.prints
            for text in (item.text, item.text.partition(":")[2])
        )
        return Judged(Check(check, CheckOutcome.PASSED, "")) if agreed else _not_done(check, "not_read")
    answer = compare(field.text, field.sureness)
    if answer is not Agreement.SAME and _with_next_line(field, visual.prints, compare):
        answer = Agreement.SAME
    if answer is Agreement.UNCLEAR:
        return _not_done(check, "unclear")
    sure = field.sureness >= SURE and zone.is_sure_of(label)
    return _judged(check, answer is Agreement.SAME, "differs", sure=sure)


def _with_next_line(
    field: VisualField, prints: tuple[Print, ...], compare: Callable[[str, float], Agreement]
) -> bool:
    """A long name goes on in the line below."""
    first = next((item for item in prints if item.text == field.text), None)
    if first is None:
        return False
    below = [
        item
        for item in prints
        if 0 < item.top - first.top < 2.2 * first.height and abs(item.left - first.left) < 2 * first.height
    ]
    return any(compare(f"{field.text} {item.text}", field.sureness) is Agreement.SAME for item in below)


def _judged(name: str, holds: bool, reason: str, *, sure: bool = True) -> Judged:
    if holds:
        return Judged(Check(name, CheckOutcome.PASSED, ""))
    return Judged(Check(name, CheckOutcome.FAILED, reason), sure)


def _not_done(name: str, reason: str) -> Judged:
    return Judged(Check(name, CheckOutcome.NOT_DONE, reason))
