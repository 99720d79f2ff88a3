"""Reading connections, listings and attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import NotHere
from vendors.catalogue.listing import UNCONFIRMED
from vendors.catalogue.shelf import find_item
from vendors.contract import (
    EidLevel,
    HandlesWebhook,
    Listing,
    Manifest,
    NamesLevel,
    Reference,
    Registers,
    SessionRef,
    ShowsCode,
)
from vendors.models import Connection, ProofingAttempt
from vendors.phases import OPEN, AttemptPhase
from vendors.registry import ADAPTERS, adapter_of, entry_of, is_listed, listed_as, own_name
from vendors.sealing import open_state, open_url
from vendors.titles import title_of


@dataclass(frozen=True, slots=True)
class ProofingState:
    """What the claimant's page asks for while it waits. `continue_url` is None once the link ran out (`renew_link`)."""

    phase: str
    continue_url: str | None
    outcome: str | None
    reasons: tuple[str, ...]
    contradicted: bool = False
    hint: str = ""
    shows_code: bool = False  # our own page stands between: it shows a code, and the link opens an app


def proofing_state(attempt_id: UUID) -> ProofingState:
    """NotHere for an attempt of somebody else."""
    attempt = _attempt(attempt_id)
    return ProofingState(
        phase=str(attempt.phase),
        continue_url=_continue_url(attempt),
        outcome=attempt.outcome or None,
        reasons=tuple(attempt.reasons),
        contradicted=attempt.contradicted_at is not None,
        hint=attempt.hint,
        shows_code=isinstance(adapter_of(attempt.connection.vendor), ShowsCode),
    )


def _attempt(attempt_id: UUID) -> ProofingAttempt:
    attempt = ProofingAttempt.objects.select_related("connection").filter(id=attempt_id).first()
    if attempt is None:
        raise NotHere("attempt_unknown")
    return attempt


def code_now(attempt_id: UUID) -> str | None:
    """What the code on our page holds at this moment; None while there is nothing to scan."""
    attempt = _attempt(attempt_id)
    adapter = adapter_of(attempt.connection.vendor)
    if not isinstance(adapter, ShowsCode) or attempt.started_at is None or _continue_url(attempt) is None:
        return None
    ref = SessionRef(attempt.id, attempt.partner_ref, attempt.started_at, open_state(attempt))
    return adapter.code_at(ref, clock.now())


def _continue_url(attempt: ProofingAttempt) -> str | None:
    if attempt.phase != AttemptPhase.WAITING_FOR_USER or attempt.url_sealed is None:
        return None
    if attempt.url_expires_at is not None and attempt.url_expires_at <= clock.now():
        return None
    return open_url(attempt)


def connections() -> list[Connection]:
    """The partners a tenant chose, in the order it chose them."""
    return list(Connection.objects.exclude(status=Connection.Status.REMOVED).order_by("chosen_at", "id"))


def connection_to(vendor: str) -> Connection | None:
    return Connection.objects.filter(vendor=vendor).exclude(status=Connection.Status.REMOVED).first()


def open_attempts(connection: Connection) -> int:
    return ProofingAttempt.objects.filter(connection=connection, phase__in=OPEN).count()


def listing(vendor: str) -> Listing:
    """One of several goes by the title that the tenant gave it."""
    found = adapter_of(vendor).listing
    return replace(found, title=title_of(vendor)) if own_name(vendor) else found


def connections_listed_as(listing: str) -> list[Connection]:
    """Of a partner that a tenant may have several of: the one without a name and those with one, in the order chosen."""
    return [one for one in connections() if listed_as(one.vendor) == listing]


@dataclass(frozen=True, slots=True)
class Offer:
    """One partner of the marketplace, with what this tenant has of it."""

    slug: str
    kind: str
    manifest: Manifest
    listing: Listing
    registers: bool
    signals: bool  # it tells by a webhook that something happened
    connection: Connection | None


def offer_of(vendor: str) -> Offer:
    entry, adapter = entry_of(vendor), adapter_of(vendor)
    return Offer(
        vendor,
        entry.kind,
        adapter.manifest,
        listing(vendor),
        isinstance(adapter, Registers),
        isinstance(adapter, HandlesWebhook),
        connection_to(vendor),
    )


def catalogue() -> list[Offer]:
    return [offer_of(vendor) for vendor in ADAPTERS]


def attempts_under_way(*, besides: Iterable[UUID] = ()) -> int:
    """How many people are at partners now: each may still be charged. `besides`: cases that cost nothing; a query is one part
    of the statement."""
    return ProofingAttempt.objects.filter(phase__in=OPEN).exclude(reference__in=besides).count()


def attempts_of(references: Sequence[UUID]) -> int:
    """How often these cases were sent to a partner. One that never gave a link out was no try, and can charge nobody."""
    asked = ProofingAttempt.objects.filter(reference__in=list(references))
    return asked.exclude(phase=AttemptPhase.FAILED, started_at=None).count()


def may_be_used_in_production(vendor: str) -> bool:
    """Its contract is public, or the operator recorded that the partner confirmed what we wrote of it."""
    if adapter_of(vendor).manifest.contract_status not in UNCONFIRMED:
        return True
    item = find_item(vendor)
    return item is not None and item.confirmed_on is not None


def gives_portrait(vendor: str) -> bool:
    """A recovery compares a live face with the portrait that the partner proved."""
    return adapter_of(vendor).manifest.gives_portrait


def taken_by(vendor: str) -> tuple[Reference, ...]:
    """What this partner may be told of a person beforehand, in one order everywhere."""
    takes = adapter_of(vendor).manifest.takes
    return tuple(one for one in Reference if one in takes)


def asks_wallets(vendor: str) -> bool:
    """Nobody stands in between: the person's own wallet is asked."""
    return is_listed(vendor) and adapter_of(vendor).manifest.asks_wallets


def is_eid(vendor: str) -> bool:
    """Whether people prove themselves to it by an eID, without a portrait. As it is listed, never as it answers; whoever is
    not listed is none."""
    if not is_listed(vendor):
        return False
    manifest = adapter_of(vendor).manifest
    return manifest.proves_by == "eid" and not manifest.gives_portrait


def eid_level(connection: Connection) -> EidLevel | None:
    """The level at which its settings ask for the eID; None where they do not say."""
    adapter = adapter_of(connection.vendor)
    return adapter.level_of(connection.config) if isinstance(adapter, NamesLevel) else None
