"""Checks a listing's file before anybody sees it: its shape by `listing.schema.json`, then what a schema cannot say.

Protects buyers from a fact that nobody published, a price that contradicts another one and a link that leads nowhere. What
it does not do: read what stands behind a source; a person reviewed the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from portal.kit.countries import COUNTRIES
from portal.kit.names import has_unseen
from vendors.billing.models import PriceVersion
from vendors.billing.price_file import SENTENCES as PRICE_SENTENCES
from vendors.billing.price_file import read_price
from vendors.billing.rating.terms import BadTerms
from vendors.catalogue.listing import EVERYWHERE, CatalogueListing, Plan, listing_of

# Where a problem lies that is of no part of the file.
WHOLE = "file"
SCHEMA = Path(__file__).with_name("listing.schema.json")

SENTENCES = {
    "file_unreadable": _("This cannot be read as JSON that says each thing once."),
    "shape_unusable": _("This part has another shape than the schema says."),
    "text_unusable": _("This holds a character that cannot be seen."),
    "logo_unusable": _("A logo is drawn from two letters, monogram. No artwork of others is kept."),
    "link_broken": _("A link is https and leads to a host of the public network."),
    "link_unreachable": _("Nobody answers at this link, or with an error."),
    "day_unusable": _("There is no such day, or it lies in the future where it cannot."),
    "source_missing": _("A fact that is stated names the source it was read in."),
    "source_unknown": _("There is no source of this name."),
    "source_twice": _("Two sources have one name."),
    "country_unknown": _("There is no country of this code in the list of countries."),
    "certificate_twice": _("This certificate is listed already."),
    "certificate_dates_unusable": _("A certificate expires after it was issued."),
    "kinds_contradict": _("Plans belong to what is paid through us, and what is paid through us has plans."),
    "plan_twice": _("Two plans have one name."),
    "plan_incomplete": _("A bundle says how much it holds, and a subscription what it costs each period."),
    "prices_overlap": _("Two prices of one plan and currency hold from the same moment."),
    "history_unusable": _("The history ends with the change that takes effect with this version."),
    "history_rewritten": _("What stands in the history already is not changed: add a line."),
    "effective_date_too_early": _("A later version takes effect after the one before."),
    "price_change_not_announced": _("A price that holds already is changed thirty days ahead at the earliest."),
    "version_exists": _("Another text of this listing takes effect on that day. Name a later day."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a listing is not published. `field` is where to look in the file."""

    code: str
    field: str

    @property
    def sentence(self) -> str:
        return SENTENCES.get(self.code) or PRICE_SENTENCES[self.code]

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "field": self.field, "sentence": self.sentence}


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=FormatChecker()
    )


def problems_of(content: object, *, today: date) -> list[Problem]:
    """Everything that keeps a listing from being published, by itself and without the database."""
    found = list(_of_shape(content))
    if found or not isinstance(content, Mapping):
        return found
    unseen = [Problem("text_unusable", field) for field, text in _texts_in(content) if has_unseen(text)]
    if unseen:
        return unseen
    days = list(_of_days(content, today))
    if days:
        return days
    listing = listing_of(content)
    return [*_of_links(listing), *_of_sources(listing), *_of_facts(listing), *_of_plans(listing)]


def _of_shape(content: object) -> Iterator[Problem]:
    if isinstance(content, Mapping) and "logo" in content:
        yield Problem("logo_unusable", "logo")
        return
    for error in sorted(_validator().iter_errors(content), key=lambda each: list(map(str, each.path))):
        field = ".".join(map(str, [*error.absolute_path, *_names_in(error)]))
        yield Problem("logo_unusable" if field == "monogram" else "shape_unusable", field or WHOLE)


def _names_in(error: ValidationError) -> list[str]:
    """What is there and has no place, or is missing: the first of them."""
    if error.validator == "additionalProperties":
        return sorted(set(error.instance) - set(error.schema.get("properties", {})))[:1]
    if error.validator == "required":
        # One error for each that is missing, told apart by nothing but its words.
        return [name for name in error.validator_value if error.message.startswith(repr(name))][:1]
    return []


def _texts_in(found: object, field: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        for name, value in found.items():
            yield from _texts_in(value, f"{field}.{name}".lstrip("."))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _texts_in(value, f"{field}.{number}")
    elif isinstance(found, str):
        yield field, found


def _days_in(found: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        for name, value in found.items():
            here = f"{field}.{name}".lstrip(".")
            if name in ("on", "read_on", "effective_from", "issued_on", "expires_on") and isinstance(
                value, str
            ):
                if not field.startswith("plans"):
                    yield here, value
            else:
                yield from _days_in(value, here)
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _days_in(value, f"{field}.{number}")


def _of_days(content: Mapping[str, Any], today: date) -> Iterator[Problem]:
    for field, text in _days_in(content, ""):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            yield Problem("day_unusable", field)
            continue
        if day > today and field.endswith(("read_on", "issued_on")):
            yield Problem("day_unusable", field)


# A browser ends a name at marks that others take for a part of it.
_HOST = re.compile(r"[a-z0-9.-]+")


def is_link(url: str) -> bool:
    """https, a name with a dot, no user, no port, nothing after the path's query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and parts.netloc.lower() == host
        and "." in host.strip(".")
        and _HOST.fullmatch(host) is not None
        and not host.replace(".", "").isdigit()
        and port is None
        and not (parts.username or parts.password)
        and url.isascii()
        and not any(mark in url for mark in " <>\"'\\")
    )


def _of_links(listing: CatalogueListing) -> Iterator[Problem]:
    for number, link in enumerate(listing.links):
        if not is_link(link.url):
            yield Problem("link_broken", f"links.{number}.url")
    for number, source in enumerate(listing.sources):
        if source.url and not is_link(source.url):
            yield Problem("link_broken", f"sources.{number}.url")


def _cited(listing: CatalogueListing) -> Iterator[tuple[str, str]]:
    """Where a source is named, and which."""
    if listing.countries:
        yield "countries", listing.countries_source
    if listing.documents:
        yield "documents", listing.documents_source
    yield "billable", listing.billable_source
    if listing.price_from is not None:
        yield "price_from", listing.price_from.source
    for name, rows in (
        ("certificates", listing.certificates),
        ("keeps", listing.keeps),
        ("terms", listing.terms),
    ):
        for number, row in enumerate(rows):
            yield f"{name}.{number}", row.source  # type: ignore[attr-defined]


def _of_sources(listing: CatalogueListing) -> Iterator[Problem]:
    keys = [source.key for source in listing.sources]
    if len(set(keys)) != len(keys):
        yield Problem("source_twice", "sources")
    for field, key in _cited(listing):
        if not key:
            yield Problem("source_missing", field)
        elif key not in keys:
            yield Problem("source_unknown", field)


def _of_facts(listing: CatalogueListing) -> Iterator[Problem]:
    for code in listing.countries:
        if code != EVERYWHERE and code not in COUNTRIES:
            yield Problem("country_unknown", f"countries.{code}")
    for number, each in enumerate(listing.certificates):
        if each in listing.certificates[:number]:
            yield Problem("certificate_twice", f"certificates.{number}")
        if each.issued_on and each.expires_on and each.expires_on <= each.issued_on:
            yield Problem("certificate_dates_unusable", f"certificates.{number}")
    days = [change.on for change in listing.history]
    if days != sorted(days) or days[-1] != listing.effective_from:
        yield Problem("history_unusable", "history")


def _of_plans(listing: CatalogueListing) -> Iterator[Problem]:
    if bool(listing.plans) != ("through_us" in listing.kinds):
        yield Problem("kinds_contradict", "plans")
    if len({plan.key for plan in listing.plans}) != len(listing.plans):
        yield Problem("plan_twice", "plans")
    for number, plan in enumerate(listing.plans):
        yield from _of_plan(listing, plan, f"plans.{number}")


def _of_plan(listing: CatalogueListing, plan: Plan, field: str) -> Iterator[Problem]:
    if (plan.kind == "bundle") != bool(plan.quantity) or (plan.kind == "subscription") != bool(plan.fees):
        yield Problem("plan_incomplete", field)
    held: set[tuple[str, str, datetime]] = set()
    for number, given in enumerate(price_rows(listing, plan)):
        try:
            row = read_price(given)
        except BadTerms as bad:
            yield Problem(bad.code, f"{field}.prices.{number}.{bad.field}")
            continue
        place = (row.meter, row.currency, row.effective_from)
        if place in held:
            yield Problem("prices_overlap", f"{field}.prices.{number}")
        held.add(place)


def price_rows(listing: CatalogueListing, plan: Plan) -> list[dict[str, Any]]:
    """The plan's prices and fees as `read_price` takes them."""
    named = {"vendor": listing.vendor, "plan": plan.key}
    prices = [{**given, **named, "meter": listing.meter} for given in plan.prices]
    return prices + [{**given, **named, "meter": "fee"} for given in plan.fees]


def prices_of(listing: CatalogueListing) -> Sequence[PriceVersion]:
    """Versions that are not written yet, of a listing without problems."""
    return [read_price(given) for plan in listing.plans for given in price_rows(listing, plan)]
