"""What a partner says of itself: what it can do, and what a buyer reads before they choose it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from vendors.contract.vocabulary import Reference


def gettext_noop(text: str) -> str:
    """Marks a sentence of a listing for translation; pages translate it when they show it."""
    return text


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a connection, as its form asks for it."""

    name: str
    label: str
    hint: str = ""
    kind: Literal["url", "text", "secret", "choice"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = True
    is_long: bool = False  # text of several lines, such as certificates
    # PEM: a certificate with its private key, or certificates that are believed. They run out, and that is told ahead.
    holds: Literal["", "identity", "roots"] = ""
    # Of the settings that name one group exactly one is given, and giving it takes the others away.
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the core must know to work with an adapter."""

    slug: str
    contract_status: Literal["public", "reconstructed", "not_public"]
    fields: tuple[Field, ...] = ()
    terms_flags: frozenset[str] = frozenset()  # no_resale, no_id_switch, contract_required
    gives_portrait: bool = True  # without one there is nothing to compare a live face with
    # What a person proves themselves by. Only an eID may go without a portrait: whoever signs in with it is who it says,
    # while a document alone is whoever holds it.
    proves_by: Literal["document", "eid"] = "document"
    # It hands over a credential, which an issuer of the tenant's list has to have signed.
    reads_credentials: bool = False
    # It has no partner in between: the core asks a wallet (vendors.contract.wallets).
    asks_wallets: bool = False
    # While a person is under way the record is asked for this often; None: by the plan of those that send signals.
    asked_every: timedelta | None = None
    needs_address: bool = False  # `StartRequest.address` is told to the partner
    # Reference evidence that its documented contract has a field for: `StartRequest.expected`, where a profile says so.
    takes: frozenset[Reference] = frozenset()


@dataclass(frozen=True, slots=True)
class Listing:
    """What the marketplace tells before anybody chooses. English sentences marked for translation."""

    title: str
    summary: str
    checks: tuple[str, ...]
    cannot_see: tuple[str, ...]
    keeps: tuple[str, ...]
    where: str
    documents: tuple[str, ...]
    billable: str
    not_billable: str
    contract: str
    unit_price: Decimal | None = None
    currency: str = "EUR"
    price_reason: str = ""
