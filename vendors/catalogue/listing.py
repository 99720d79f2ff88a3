"""A listing as pages and rules read it. Pure: made from a file that passed the schema.

Each fact carries where it was read. What nobody published is None or empty and is shown as "not stated".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

EVERYWHERE = (
    "*"  # in `countries`: the partner names no list and says that it works wherever documents come from
)
UNCONFIRMED = frozenset({"reconstructed", "not_public"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read, and when. Without an address: something that is not on the web, our own code among it."""

    key: str
    title: str
    url: str
    read_on: date


@dataclass(frozen=True, slots=True)
class Certificate:
    name: str
    laboratory: str
    level: str
    scope: str
    issued_on: date | None
    expires_on: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a partner keeps of a person. Empty `where` and `how_long`: not stated."""

    what: str
    where: str
    how_long: str
    source: str


@dataclass(frozen=True, slots=True)
class Term:
    """What binds the tenant. `must_agree`: it is agreed to one by one before the partner is bought or set up."""

    key: str
    text: str
    must_agree: bool
    source: str


@dataclass(frozen=True, slots=True)
class PublishedPrice:
    """What a partner itself publishes: never ours to charge."""

    amount: Decimal
    currency: str
    per: str
    source: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to pay us. `prices` and `fees` are as `load_prices` reads them, without meter, vendor and plan."""

    key: str
    kind: str
    title: str
    summary: str
    prices: tuple[Mapping[str, Any], ...]
    fees: tuple[Mapping[str, Any], ...]
    quantity: int
    months: int


@dataclass(frozen=True, slots=True)
class Change:
    on: date
    what: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CatalogueListing:
    """`vendor` and `meter` are the ledger's names of what is sold."""

    slug: str
    vendor: str
    meter: str
    name: str
    publisher: str
    promise: str
    monogram: str
    effective_from: date
    contract_status: str
    contract: str
    kinds: tuple[str, ...]
    methods: tuple[str, ...]
    countries: tuple[str, ...]
    countries_note: str
    countries_source: str
    documents: tuple[str, ...]
    documents_note: str
    documents_source: str
    languages: tuple[str, ...]
    certificates: tuple[Certificate, ...]
    checks: tuple[str, ...]
    cannot_see: tuple[str, ...]
    keeps: tuple[Kept, ...]
    terms: tuple[Term, ...]
    counted: str
    not_counted: str
    billable_source: str
    price_from: PublishedPrice | None
    price_note: str
    plans: tuple[Plan, ...]
    request_to: str
    links: tuple[Link, ...]
    sources: tuple[Source, ...]
    history: tuple[Change, ...]

    @property
    def is_public(self) -> bool:
        return self.contract_status not in UNCONFIRMED

    def plan(self, key: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.key == key), None)

    def source(self, key: str) -> Source | None:
        return next((source for source in self.sources if source.key == key), None)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _texts(found: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(found or ())


def _plan(found: Mapping[str, Any]) -> Plan:
    bundle = found.get("bundle") or {}
    return Plan(
        key=found["key"],
        kind=found["kind"],
        title=found["title"],
        summary=found["summary"],
        prices=tuple(found["prices"]),
        fees=tuple(found.get("fees", ())),
        quantity=bundle.get("quantity", 0),
        months=bundle.get("months", 0),
    )


def _published(found: Mapping[str, Any] | None) -> PublishedPrice | None:
    if not found:
        return None
    return PublishedPrice(Decimal(found["amount"]), found["currency"], found["per"], found["source"])


def _certificate(found: Mapping[str, Any]) -> Certificate:
    return Certificate(
        name=found["name"],
        laboratory=found["laboratory"],
        level=found["level"],
        scope=found["scope"],
        issued_on=_day(found["issued_on"]),
        expires_on=_day(found["expires_on"]),
        source=found["source"],
    )


def listing_of(content: Mapping[str, Any]) -> CatalogueListing:
    """From a file that passed the schema, or from what was stored of one."""
    product = content.get("product") or {"vendor": content["slug"], "meter": "decision"}
    countries, documents = content["countries"], content["documents"]
    billable = content["billable"]
    return CatalogueListing(
        slug=content["slug"],
        vendor=product["vendor"],
        meter=product["meter"],
        name=content["name"],
        publisher=content["publisher"],
        promise=content["promise"],
        monogram=content["monogram"],
        effective_from=date.fromisoformat(content["effective_from"]),
        contract_status=content["contract"]["status"],
        contract=content["contract"]["text"],
        kinds=_texts(content["connection_kinds"]),
        methods=_texts(content["methods"]),
        countries=_texts(countries["codes"]),
        countries_note=countries.get("note", ""),
        countries_source=countries.get("source", ""),
        documents=_texts(documents["kinds"]),
        documents_note=documents.get("note", ""),
        documents_source=documents.get("source", ""),
        languages=_texts(content["languages"]),
        certificates=tuple(_certificate(each) for each in content["certificates"]),
        checks=_texts(content["checks"]),
        cannot_see=_texts(content["cannot_see"]),
        keeps=tuple(
            Kept(each["what"], each["where"], each["how_long"], each["source"]) for each in content["keeps"]
        ),
        terms=tuple(
            Term(each["key"], each["text"], each["must_agree"], each["source"]) for each in content["terms"]
        ),
        counted=billable["counted"],
        not_counted=billable["not_counted"],
        billable_source=billable.get("source", ""),
        price_from=_published(content["price_from"]),
        price_note=content.get("price_note", ""),
        plans=tuple(_plan(each) for each in content["plans"]),
        request_to=content.get("request_to", ""),
        links=tuple(Link(each["label"], each["url"]) for each in content["links"]),
        sources=tuple(
            Source(each["key"], each["title"], each.get("url", ""), date.fromisoformat(each["read_on"]))
            for each in content["sources"]
        ),
        history=tuple(Change(date.fromisoformat(each["on"]), each["what"]) for each in content["history"]),
    )
