"""Reads one line of a file of usage events (README, annex): what it says, and whose it is.

Nothing is guessed: a field that cannot be read makes the line fail with a code that has a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop as _

from portal.kit.bodies import read_once
from portal.kit.ids import parse_public_id, public_id
from tenants.models import Tenant
from vendors.billing.checks import Usage
from vendors.billing.models import METERED, Meter, Paid, UsageEntry
from vendors.billing.rating.billability import outcome_named

LONGEST_KEY = 110
LONGEST_TENANT = 64
# Of a case: a public id has 31 characters, a UUID 32 at least.
SHORTEST_ID, SHORTEST_UUID = 31, 32
LONGEST_LINE = 4_000
LARGEST_QUANTITY = 10**9
# Clocks differ; more than this is no clock.
FUTURE = timedelta(minutes=5)
CONNECTIONS = frozenset(Paid.values)
FIELDS = ("idempotency_key", "tenant", "vendor", "kind", "outcome", "quantity", "occurred_at", "case")
MODES = frozenset({"production", "evaluation"})
MORE = frozenset({"connection", "mode", "profile", "department", "corrects"})
KNOWN = MORE.union(FIELDS)
CASES = UUID("5c2d6a0e-6f0b-4d5e-9c57-0e3a1b7c9d21")  # names the space of cases that are only words in a file
# How keys of entries begin that the ledger makes itself: an event with one of those would stand in their place.
OURS = (
    "again:",
    "back:",
    "forgiven:",
    "reserved:",
    "released:",
    "invoice:",
    "credit_note:",
    "tax:",
    "refund:",
)
PLAIN_TENANT = re.compile(r'"tenant"\s*:\s*"([^"\\]*)"')
# The bits of a UUID that say what it is (RFC 9562, sections 4.1 and 4.2), and what they say in one of version 5.
_VERSION_AND_VARIANT = 0xF << 76 | 0x3 << 62
_VERSION_5 = 0x5 << 76 | 0x2 << 62
OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$")

SENTENCES = {
    "json_unusable": _("The line is not a JSON object."),
    "line_too_long": _("The line is longer than 4,000 characters."),
    "field_missing": _("A field is missing."),
    "field_unknown": _("There is no field of this name."),
    "field_unusable": _("The field is not text of the length that is allowed."),
    "tenant_unknown": _("There is no organisation of this name."),
    "kind_unknown": _("The kind is decision or face_check."),
    "mode_unknown": _("The mode is production or evaluation."),
    "connection_unknown": _("The connection is through_us, own_contract or free."),
    "outcome_unknown": _("Nobody knows this outcome, so it cannot be said whether it is charged."),
    "quantity_unusable": _("The quantity is a whole number from 1; from 0 where an event is corrected."),
    "time_unusable": _("occurred_at is a time with its offset, for example 2026-05-03T12:00:00Z."),
    "event_from_future": _("The event lies in the future."),
    "price_missing": _("No price was in force when this happened."),
    "currency_not_subscribed": _("There is a price, but in no currency of this organisation's subscription."),
    "key_reused": _("This key was used before, for another event."),
    "corrected_unknown": _("The event that this one corrects is not in the ledger."),
    "corrected_already": _("The event that this one corrects was corrected before."),
}


class BadEvent(Exception):
    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


@dataclass(slots=True)
class Outcome:
    """What became of one line: recorded, known, kept_aside or refused."""

    line: int
    key: str = ""
    result: str = ""
    code: str = ""
    field: str = ""
    entry: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"line": self.line, "idempotency_key": self.key, "result": self.result}
        if self.code:
            told |= {"code": self.code, "sentence": SENTENCES[self.code]}
            if self.field:
                told["field"] = self.field
        if self.entry:
            told["entry"] = public_id(UsageEntry.prefix, self.entry)
        return told

    def fail(self, code: str, field: str = "", *, kept: bool = False) -> None:
        self.result, self.code, self.field = ("kept_aside" if kept else "refused"), code, field


@dataclass(slots=True)
class Event:
    outcome: Outcome
    line: str
    usage: Usage | None = None
    corrects: str = ""
    quantity: int = 1


def _text(raw: Mapping[str, Any], name: str, longest: int, default: str | None = None) -> str:
    value = raw.get(name)
    # What nearly every field of a million lines is.
    if type(value) is str and 0 < len(value) <= longest and value.isprintable():
        text = value.strip()
        if text:
            return text
    return _text_or_refused(raw, name, longest, default)


def _text_or_refused(raw: Mapping[str, Any], name: str, longest: int, default: str | None) -> str:
    value = raw.get(name)
    if value is None:
        if default is None or name in raw:
            raise BadEvent("field_missing", name)
        return default
    text = value.strip() if isinstance(value, str) else None
    if text is None or len(text) > longest or not text.isprintable() or (not text and default is None):
        raise BadEvent("field_unusable", name)
    return text


def _optional(raw: Mapping[str, Any], name: str, longest: int) -> str:
    """Most lines do not have it, and there are a million of them."""
    return _text(raw, name, longest, "") if name in raw else ""


def _moment(raw: Mapping[str, Any]) -> datetime:
    text = _text(raw, "occurred_at", 40)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadEvent("time_unusable", "occurred_at") from None
    zone = moment.tzinfo
    has_offset = text.endswith(("Z", "+00:00")) or OFFSET.search(text)
    if zone is None or not has_offset or moment.year < 2000:
        raise BadEvent("time_unusable", "occurred_at")
    try:
        return moment if zone is UTC else moment.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999, in a zone west of here
        raise BadEvent("time_unusable", "occurred_at") from None


def _quantity(raw: Mapping[str, Any], least: int) -> int:
    value = raw.get("quantity", 1)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_QUANTITY:
        raise BadEvent("quantity_unusable", "quantity")
    return value


def _case(tenant_id: UUID, text: str) -> UUID:
    """A case's public id or UUID; any other word names a case of its own in this organisation."""
    if len(text) < SHORTEST_ID:
        return _word_of(tenant_id, text)
    with suppress(ValueError):
        if text.startswith("case_"):
            return parse_public_id("case", text)
        if len(text) >= SHORTEST_UUID:
            return UUID(text)
    return _word_of(tenant_id, text)


@lru_cache(maxsize=10_000)
def _begun(tenant_id: UUID) -> Any:
    return sha1(CASES.bytes + f"{tenant_id}:".encode(), usedforsecurity=False)


def _word_of(tenant_id: UUID, text: str) -> UUID:
    """UUID version 5 (RFC 9562, section 5.5) of the organisation and the word, by a digest that was begun already."""
    said = _begun(tenant_id).copy()
    said.update(text.encode())
    number = int.from_bytes(said.digest()[:16], "big")
    return UUID(int=number & ~_VERSION_AND_VARIANT | _VERSION_5)


def _kinds(raw: Mapping[str, Any], vendor: str) -> tuple[str, str]:
    """(meter, connection kind). `kind` says what was checked; it may say how it is paid instead."""
    kind, connection = _text(raw, "kind", 20), _optional(raw, "connection", 20)
    if kind in CONNECTIONS and not connection:
        kind, connection = (Meter.FACE_CHECK if vendor == "readmit" else Meter.DECISION), kind
    if kind not in METERED:
        raise BadEvent("kind_unknown", "kind")
    if connection and connection not in CONNECTIONS:
        raise BadEvent("connection_unknown", "connection")
    return str(kind), connection


def _uuid_or_none(raw: Mapping[str, Any], tenant_id: UUID) -> UUID | None:
    text = _optional(raw, "profile", 64)
    if not text:
        return None
    try:
        return parse_public_id("profile", text)
    except ValueError:
        return _case(tenant_id, text)


def read_event(raw: Mapping[str, Any], tenant_id: UUID, key: str, now: datetime) -> tuple[Usage | None, str]:
    """The event, and the key of the one it corrects. None for a correction that counts nothing instead."""
    if not raw.keys() <= KNOWN:
        raise BadEvent("field_unknown", ascii(sorted(raw.keys() - KNOWN)[0][:40])[1:-1])
    corrects = _optional(raw, "corrects", LONGEST_KEY)
    quantity = _quantity(raw, 0 if corrects else 1)
    if corrects and quantity == 0:
        return None, corrects
    vendor = _text(raw, "vendor", 40)
    meter, connection = _kinds(raw, vendor)
    try:
        outcome = outcome_named(_text(raw, "outcome", 40))
    except ValueError:
        raise BadEvent("outcome_unknown", "outcome") from None
    moment = _moment(raw)
    if moment > now + FUTURE:
        raise BadEvent("event_from_future", "occurred_at")
    usage = Usage(
        idempotency_key=key,
        meter=meter,
        vendor=vendor,
        outcome=outcome,
        quantity=quantity,
        occurred_at=moment,
        case_id=_case(tenant_id, _text(raw, "case", 64)),
        connection_kind=connection,
        mode=_mode(raw),
        profile_id=_uuid_or_none(raw, tenant_id),
        department=_optional(raw, "department", 120),
    )
    return usage, corrects


def _mode(raw: Mapping[str, Any]) -> str:
    mode = _text(raw, "mode", 12, "production") if "mode" in raw else "production"
    if mode not in MODES:
        raise BadEvent("mode_unknown", "mode")
    return mode


class Tenants:
    """Organisations by slug or public id, looked up once."""

    def __init__(self) -> None:
        self.known: dict[str, UUID | None] = {}

    def find(self, name: str) -> UUID | None:
        if name not in self.known:
            self.known[name] = self._look_up(name)
        return self.known[name]

    def _look_up(self, name: str) -> UUID | None:
        try:
            wanted = {"id": parse_public_id("org", name)}
        except ValueError:
            return Tenant.objects.filter(slug=name).values_list("id", flat=True).first()
        return Tenant.objects.filter(**wanted).values_list("id", flat=True).first()


def owner_of(line: str, tenants: Tenants) -> UUID | None:
    """Whose a line is, for who shares a file out: found without reading the line where its organisation is named once and
    plainly. What is nobody's, or no event, may be anybody's: whoever reads it refuses it."""
    found = PLAIN_TENANT.findall(line)
    if len(found) == 1 and line.count('"tenant"') == 1:
        name = found[0].strip()
    else:
        name = ((_object(line) if len(line) <= LONGEST_LINE else None) or {}).get("tenant")
        name = name.strip() if isinstance(name, str) else ""
    return tenants.find(name) if 0 < len(name) <= LONGEST_TENANT and name.isprintable() else None


def parse_line(number: int, line: str, tenants: Tenants, now: datetime) -> tuple[UUID | None, Event]:
    """The tenant and the event; without a tenant or a key the line is refused at once. `now` is what the future begins
    after."""
    outcome = Outcome(number)
    event = Event(outcome, line.strip())
    if len(line) > LONGEST_LINE:
        outcome.fail("line_too_long")
        return None, event
    raw = _object(line)
    tenant_id = _owner(raw, outcome, tenants)
    if raw is not None and tenant_id is not None:
        try:
            event.usage, event.corrects = read_event(raw, tenant_id, outcome.key, now)
        except BadEvent as problem:
            outcome.fail(problem.code, problem.field, kept=True)
    return tenant_id, event


def _object(line: str) -> dict[str, Any] | None:
    try:
        raw = read_once(line)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None


def _owner(raw: Mapping[str, Any] | None, outcome: Outcome, tenants: Tenants) -> UUID | None:
    if raw is None:
        outcome.fail("json_unusable")
        return None
    try:
        outcome.key = _text(raw, "idempotency_key", LONGEST_KEY)
        if outcome.key.startswith(OURS):
            raise BadEvent("field_unusable", "idempotency_key")
        tenant_id = tenants.find(_text(raw, "tenant", LONGEST_TENANT))
    except BadEvent as problem:
        outcome.fail(problem.code, problem.field)
        return None
    if tenant_id is None:
        outcome.fail("tenant_unknown", "tenant")
    return tenant_id
