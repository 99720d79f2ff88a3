"""Invoices in words: the same on a page and on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.money import Money, UnitPrice
from vendors.billing.documents import Document, ShownLine
from vendors.billing.models import Meter
from vendors.billing.price_file import amount_text
from vendors.billing.rating.invoice import Line, LineKind
from vendors.catalogue.shelf import shelf
from vendors.wording import partner_name, period_words


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line for people. `facts` say how the amount comes about, each a sentence or less."""

    position: int
    title: str
    facts: tuple[str, ...]
    quantity: str
    entries: int
    minor: int


def title_of(document: Document) -> str:
    if document.is_credit_note:
        return _("Credit note")
    return _("Invoice") if document.invoice else _("Draft of the running period")


def told_lines(document: Document, zone: ZoneInfo) -> list[ToldLine]:
    return [_told(shown, document, zone) for shown in document.lines]


def _told(shown: ShownLine, document: Document, zone: ZoneInfo) -> ToldLine:
    line = shown.line
    facts = [*_late(line, document), *_facts(shown, document.currency, zone)]
    quantity = f"{line.quantity:,}" if line.kind is LineKind.USAGE else ""
    return ToldLine(shown.position, line_title(line), tuple(facts), quantity, line.entries, line.minor)


def line_title(line: Line) -> str:
    if line.kind is LineKind.CREDIT:
        return _("Credit given back") if line.minor > 0 else _("Credit")
    if line.kind is LineKind.FEE:
        return _("Plan “%(plan)s”") % {"plan": plan_name(line.vendor, str(line.detail.get("plan", "")))}
    name = product_name(line.meter, line.vendor)
    return _("%(product)s: up to the minimum") % {"product": name} if line.kind is LineKind.MINIMUM else name


def product_name(meter: str, vendor: str) -> str:
    """`Face Check`, `Decisions of PARTNER`."""
    if meter == Meter.FACE_CHECK:
        return str(Meter.FACE_CHECK.label)
    return _("Decisions of %(partner)s") % {"partner": partner_name(vendor)}


def _late(line: Line, document: Document) -> list[str]:
    if line.about == document.period.label or line.kind is LineKind.CREDIT:
        return []
    return [_("For %(period)s, which was closed before this came") % {"period": line.about}]


def _facts(shown: ShownLine, currency: str, zone: ZoneInfo) -> list[str]:
    line = shown.line
    if line.kind is LineKind.USAGE:
        return [*_included(line.detail), *_tiers(line.detail, currency), *_plan(shown)]
    if line.kind is LineKind.FEE:
        return _fee(line, currency, zone)
    if line.kind is LineKind.MINIMUM and shown.price:
        least = UnitPrice(Decimal(str(shown.price.terms.get("minimum", "0"))), currency)
        return [_("A period with use costs at least %(least)s") % {"least": least}]
    return []


def _included(detail: Any) -> list[str]:
    told = []
    if trial := int(detail.get("trial", 0)):
        told.append(ngettext("%(number)s on trial", "%(number)s on trial", trial) % {"number": f"{trial:,}"})
    if included := int(detail.get("included", 0)):
        told.append(
            ngettext("%(number)s included", "%(number)s included", included) % {"number": f"{included:,}"}
        )
    return told


def _tiers(detail: Any, currency: str) -> list[str]:
    return [
        _("%(number)s × %(price)s %(currency)s")
        % {
            "number": f"{tier['quantity']:,}",
            "price": amount_text(Decimal(tier["unit_price"])),
            "currency": currency,
        }
        for tier in detail.get("tiers", ())
    ]


def _plan(shown: ShownLine) -> list[str]:
    if shown.price is None or shown.price.plan == "standard":
        return []
    return [_("Price of the plan “%(plan)s”") % {"plan": plan_name(shown.price.vendor, shown.price.plan)}]


def plan_name(vendor: str, plan: str) -> str:
    """As it was chosen from the listing; a plan that no listing has goes by the name in the price file."""
    found = (item.listing.plan(plan) for item in shelf().values() if item.listing.vendor == vendor)
    return next((_(one.title) for one in found if one is not None), plan)


def _fee(line: Line, currency: str, zone: ZoneInfo) -> list[str]:
    begun, ended = (
        datetime.fromisoformat(str(line.detail[name])).astimezone(zone) for name in ("from", "to")
    )
    told = _("%(begun)s to %(ended)s") % {
        "begun": date_format(begun, "j M Y H:i"),
        "ended": date_format(ended, "j M Y H:i"),
    }
    price = UnitPrice(Decimal(str(line.detail["unit_price"])), currency)
    whole = str(line.detail.get("share")) == "1"
    if whole:
        return [told]
    return [told, _("part of %(price)s for a whole period") % {"price": price}]


def amounts_of(document: Document) -> list[tuple[str, Money]]:
    """Net, tax and total, in that order."""
    currency = document.currency
    rows = [(_("Net"), Money(document.net_minor, currency))]
    if document.tax_minor:
        rows.append((_("Tax"), Money(document.tax_minor, currency)))
    return [*rows, (_("Total"), Money(document.total_minor, currency))]


def days_of(document: Document, zone: ZoneInfo) -> str:
    return period_words(document.period, zone)
