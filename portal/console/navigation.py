"""The left-hand list (PAGES.md). A member sees what the seat allows, and only rooms that have pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.rights import Right
from tenants.selectors import Seat


@dataclass(frozen=True, slots=True)
class Entry:
    """`label` is translated when it is shown."""

    group: str
    label: str
    url_name: str
    icon: str
    right: Right


RECOVERY = gettext_noop("Recovery")
IDENTITY = gettext_noop("Verified ID and partners")
PEOPLE = gettext_noop("People")
MONEY = gettext_noop("Usage and billing")
ORGANISATION = gettext_noop("Organisation")

ENTRIES: tuple[Entry, ...] = (
    Entry("", gettext_noop("Overview"), "console:overview", "home", Right.SEE_OVERVIEW),
    Entry(RECOVERY, gettext_noop("Cases"), "cases:list", "list", Right.SEE_CASES),
    Entry(RECOVERY, gettext_noop("Review"), "reviews:list", "eye", Right.REVIEW_CASES),
    Entry(RECOVERY, gettext_noop("Patterns"), "patterns:list", "search", Right.SEE_CASES),
    Entry(RECOVERY, gettext_noop("Profiles"), "profiles:list", "settings", Right.SEE_PROFILES),
    Entry(RECOVERY, gettext_noop("Readiness"), "readiness:home", "shield-check", Right.SEE_PROFILES),
    Entry(RECOVERY, gettext_noop("Tell your people"), "tell:home", "bell", Right.SEE_PROFILES),
    Entry(IDENTITY, gettext_noop("Verified ID"), "verified_id:home", "credential", Right.SEE_VERIFIED_ID),
    Entry(IDENTITY, gettext_noop("Partners"), "partners:browse", "store", Right.SEE_PARTNERS),
    Entry(PEOPLE, gettext_noop("People"), "people:list", "people", Right.SEE_PEOPLE),
    Entry(PEOPLE, gettext_noop("Coverage"), "coverage:home", "passkey", Right.SEE_OVERVIEW),
    Entry(MONEY, gettext_noop("Usage"), "usage:usage", "chart", Right.SEE_USAGE),
    Entry(MONEY, gettext_noop("Invoices"), "invoices:list", "receipt", Right.SEE_USAGE),
    Entry(MONEY, gettext_noop("Partner invoices"), "partner_invoices:list", "store", Right.SEE_USAGE),
    Entry(MONEY, gettext_noop("Export"), "usage:export", "download", Right.SEE_USAGE),
    Entry(MONEY, gettext_noop("Budgets and alerts"), "budgets:list", "bell", Right.SEE_USAGE),
    Entry(MONEY, gettext_noop("Savings"), "savings:home", "money", Right.SEE_USAGE),
    Entry(MONEY, gettext_noop("Payment"), "payment:home", "receipt", Right.SEE_USAGE),
    Entry(ORGANISATION, gettext_noop("Members"), "console:members", "person", Right.SEE_MEMBERS),
    Entry(ORGANISATION, gettext_noop("Settings"), "console:settings", "building", Right.MANAGE_ORGANISATION),
    Entry(ORGANISATION, gettext_noop("API"), "api:keys", "key", Right.SEE_MEMBERS),
    Entry(ORGANISATION, gettext_noop("Audit log"), "audit:log", "book", Right.SEE_AUDIT),
    Entry(ORGANISATION, gettext_noop("Data and privacy"), "privacy:home", "lock", Right.SEE_MEMBERS),
)


@cache
def exists(url_name: str) -> bool:
    """A room without pages yet is left out, not linked to nowhere."""
    try:
        reverse(url_name, args=["x"])
    except NoReverseMatch:
        return False
    return True


def url_of(url_name: str, seat: Seat) -> str:
    """The page's address in the seat's organisation; empty when there is no such page."""
    return reverse(url_name, args=[seat.tenant.slug]) if exists(url_name) else ""


def navigation_of(seat: Seat, path: str) -> list[dict[str, Any]]:
    """Groups of entries for `layouts/console.html`; the present one has the longest address that `path` begins with."""
    seen = [entry for entry in ENTRIES if seat.may(entry.right) and exists(entry.url_name)]
    urls = {entry: url_of(entry.url_name, seat) for entry in seen}
    current = max((url for url in urls.values() if path.startswith(url)), key=len, default="")
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in seen:
        groups.setdefault(entry.group, []).append(
            {
                "label": _(entry.label),
                "url": urls[entry],
                "icon": entry.icon,
                "current": urls[entry] == current,
            }
        )
    return [{"label": _(group) if group else "", "items": items} for group, items in groups.items()]
