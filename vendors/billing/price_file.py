"""Reads a file of prices (README, annex) and writes each new version down. What is wrong is refused with a sentence, the
rest goes on. A version is never changed: the same one again is quiet, another one for the same moment is refused.

The operator's own connection writes: the web role may not add a price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from portal.kit.errors import Misconfigured
from portal.kit.money import EXPONENTS
from vendors.billing.models import Meter, PriceVersion
from vendors.billing.rating.billability import DECISIONS, outcome_named
from vendors.billing.rating.prices import STANDARD
from vendors.billing.rating.terms import BadTerms, Model, Terms, read_quantity, read_terms, terms_json

FIELDS = frozenset(
    {
        "meter",
        "vendor",
        "plan",
        "currency",
        "effective_from",
        "model",
        "unit_price",
        "tiers",
        "included",
        "trial",
        "minimum",
        "billable_outcomes",
        "duplicate_window_minutes",
    }
)
OPERATOR = "ops"
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
LONGEST_WINDOW = 31 * 24 * 60

SENTENCES = {
    "not_an_object": _("A price is an object with names and values."),
    "field_unknown": _("There is no field of this name."),
    "meter_unknown": _("The meter is decision, face_check or fee."),
    "name_unusable": _("A name is text of 1 to 40 characters."),
    "currency_unknown": _("The currency is not one that can be invoiced."),
    "effective_date_missing": _("A price needs the date from which it holds, effective_from."),
    "effective_date_unusable": _(
        "effective_from is a date, or a time with its offset: 2026-01-01T00:00:00Z."
    ),
    "fee_is_flat": _("What a plan costs each period is one unit_price, with nothing included or tiered."),
    "outcome_not_billable": _("Only passed and failed can be billed."),
    "price_exists": _("Another price holds from that moment. Prices are never changed: name a later date."),
    "price_missing": _("A price needs a unit_price or tiers."),
    "price_not_exact": _('Write amounts as text, for example "0.25": a JSON fraction is not exact.'),
    "price_not_plain": _('Write amounts as digits with a point, for example "0.25" or "1200".'),
    "price_unusable": _("A price lies between 0 and 1,000,000."),
    "price_too_fine": _("A price has at most six decimals."),
    "quantity_unusable": _("A quantity is a whole number from 0."),
    "tiers_overlap": _("Tiers overlap: each begins after the one before it ends."),
    "tiers_leave_a_gap": _("Tiers leave a gap: each begins right after the one before it ends."),
    "last_tier_has_no_end": _("The last tier, and only the last, has no up_to."),
    "tier_unusable": _("A tier is an object with up_to and unit_price, and at most fifty make a price."),
    "unit_price_or_tiers": _("A price has a unit_price or tiers, not both."),
    "flat_price_has_one_tier": _("A flat price has one unit_price."),
    "model_unknown": _("The model is flat, graduated or volume."),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """`result` is loaded, known or refused."""

    number: int
    result: str
    code: str = ""
    field: str = ""
    price: str = ""

    def to_json(self) -> dict[str, Any]:
        told = {"price": self.number, "result": self.result}
        if self.code:
            return {**told, "code": self.code, "field": self.field, "sentence": SENTENCES[self.code]}
        return {**told, "id": self.price}


def prices_of(content: object) -> Sequence[object]:
    """A list, or an object with a list `prices`. ValueError for anything else."""
    listed = content.get("prices") if isinstance(content, Mapping) else content
    if not isinstance(listed, list):
        raise ValueError("no list of prices")
    return listed


def load_price(number: int, found: object) -> Loaded:
    """Misconfigured without the operator's connection."""
    if OPERATOR not in settings.DATABASES:
        raise Misconfigured("operator_connection_missing")
    try:
        row = read_price(found)
    except BadTerms as problem:
        return Loaded(number, "refused", problem.code, problem.field)
    known = _known(row)
    if known is None:
        try:
            with transaction.atomic(using=OPERATOR):
                row.save(using=OPERATOR, force_insert=True)
        except IntegrityError:  # another one was faster
            known = _known(row)
        else:
            return Loaded(number, "loaded", price=row.public_id)
    if known is None or not _same(known, row):
        return Loaded(number, "refused", "price_exists", "effective_from")
    return Loaded(number, "known", price=known.public_id)


def _known(row: PriceVersion) -> PriceVersion | None:
    return PriceVersion.objects.filter(
        meter=row.meter,
        vendor=row.vendor,
        plan=row.plan,
        currency=row.currency,
        effective_from=row.effective_from,
    ).first()


def _same(known: PriceVersion, row: PriceVersion) -> bool:
    return (
        read_terms(known.terms) == read_terms(row.terms)
        and known.billable_outcomes == row.billable_outcomes
        and known.duplicate_window_minutes == row.duplicate_window_minutes
    )


def read_price(found: object) -> PriceVersion:
    """A version that is not written yet. BadTerms for what cannot be one."""
    if not isinstance(found, Mapping):
        raise BadTerms("not_an_object", "")
    unknown = set(found) - FIELDS
    if unknown:
        raise BadTerms("field_unknown", sorted(map(str, unknown))[0])
    meter = found.get("meter")
    if meter not in Meter.values:
        raise BadTerms("meter_unknown", "meter", meter)
    _refuse_what_is_not_plain(found)
    terms = read_terms(found)
    if meter == Meter.FEE and terms != Terms(Model.FLAT, terms.tiers):
        raise BadTerms("fee_is_flat", "meter")
    default = "" if meter == Meter.DECISION else "readmit"
    return PriceVersion(
        meter=meter,
        vendor=_name(found.get("vendor", default), "vendor"),
        plan=_name(found.get("plan", STANDARD), "plan"),
        currency=_currency(found.get("currency")),
        effective_from=_moment(found.get("effective_from")),
        unit_price=terms.list_price,
        terms=terms_json(terms),
        billable_outcomes=_outcomes(found.get("billable_outcomes", sorted(DECISIONS))),
        duplicate_window_minutes=_window(found.get("duplicate_window_minutes", 0)),
    )


def _refuse_what_is_not_plain(found: Mapping[str, Any]) -> None:
    """No exponent, separator or other script's digits: "1e5" is a slip of "1.5" as likely as a hundred thousand. What
    is stored already is read without this."""
    tiers = found.get("tiers")
    amounts = [(field, found.get(field)) for field in ("unit_price", "minimum")]
    amounts += [
        ("unit_price", tier.get("unit_price"))
        for tier in (tiers if isinstance(tiers, list) else ())
        if isinstance(tier, Mapping)
    ]
    for field, amount in amounts:
        if isinstance(amount, str) and not _PLAIN.fullmatch(amount):
            raise BadTerms("price_not_plain", field, amount)


def _name(found: object, field: str) -> str:
    name = found.strip() if isinstance(found, str) else ""
    if not 1 <= len(name) <= 40 or not name.isprintable():
        raise BadTerms("name_unusable", field, found)
    return name


def _currency(found: object) -> str:
    if not isinstance(found, str) or found not in EXPONENTS:
        raise BadTerms("currency_unknown", "currency", found)
    return found


def _moment(found: object) -> datetime:
    if found is None or found == "":
        raise BadTerms("effective_date_missing", "effective_from")
    try:
        text = str(found)
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadTerms("effective_date_unusable", "effective_from", found) from None
    if moment.tzinfo is None:
        raise BadTerms("effective_date_unusable", "effective_from", found)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999 once it is in UTC
        raise BadTerms("effective_date_unusable", "effective_from", found) from None


def _outcomes(found: object) -> list[str]:
    try:
        named = {outcome_named(word) for word in found} if isinstance(found, list) else None
    except (ValueError, TypeError):
        named = None
    if named is None or not named <= DECISIONS:
        raise BadTerms("outcome_not_billable", "billable_outcomes", found)
    return sorted(outcome.value for outcome in named)


def _window(found: object) -> int:
    minutes = read_quantity(found, "duplicate_window_minutes")
    if minutes > LONGEST_WINDOW:
        raise BadTerms("quantity_unusable", "duplicate_window_minutes", found)
    return minutes


def amount_text(amount: Decimal) -> str:
    """Exact, without an exponent and without empty decimals beyond the second."""
    text = f"{amount:f}"
    whole, _point, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
