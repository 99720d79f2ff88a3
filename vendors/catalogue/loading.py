"""Puts a reviewed file on the shelf: a new version of its listing, and the prices of its plans, both or neither.

The operator's own connection writes, or the one that migrates: the web role may add no listing and no price. The same file
again is quiet. A price that holds already is changed thirty days ahead at the earliest, so that it can be announced.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from portal.kit import clock
from portal.kit.bodies import read_once
from portal.kit.errors import Misconfigured
from tenants.management.files import content_of
from vendors.billing.models import PriceVersion
from vendors.billing.rating.terms import read_terms
from vendors.catalogue.listing import CatalogueListing, listing_of
from vendors.catalogue.models import ListingVersion
from vendors.catalogue.reading import WHOLE, Problem, prices_of, problems_of

SHIPPED = Path(__file__).with_name("listings")
OPERATOR = "ops"
NOTICE = timedelta(days=30)
LOCK = "catalogue"
MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class LoadedListing:
    """`result` is loaded, known or refused; refused says why."""

    name: str
    result: str
    slug: str = ""
    number: int = 0
    problems: tuple[Problem, ...] = ()

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"file": self.name, "listing": self.slug, "result": self.result}
        if self.problems:
            return {**told, "problems": [problem.to_json() for problem in self.problems]}
        return {**told, "version": self.number}


def files_of(path: Path) -> Sequence[Path]:
    """One file, or every `*.json` of a folder in the order of their names. OSError when there is none."""
    if path.is_dir():
        found = sorted(path.glob("*.json"))
        if not found:
            raise FileNotFoundError(2, "no listing in this folder", str(path))
        return found
    return [path]


def load_file(path: Path, *, using: str = OPERATOR) -> LoadedListing:
    """Unavailable when it cannot be read, Misconfigured without the operator's connection."""
    try:
        content = read_listing(path)
    except (ValueError, RecursionError):
        return LoadedListing(path.name, "refused", problems=(Problem("file_unreadable", WHOLE),))
    return load_listing(path.name, content, using=using)


def read_listing(path: Path) -> Any:
    """What the file holds. Unavailable when it cannot be read, ValueError when it holds no JSON."""
    return read_once(content_of(path, most=MOST_BYTES))


def load_listing(name: str, content: object, *, using: str = OPERATOR) -> LoadedListing:
    if using not in settings.DATABASES:
        raise Misconfigured("operator_connection_missing")
    problems = problems_of(content, today=clock.now().date())
    if problems or not isinstance(content, Mapping):
        slug = str(content.get("slug", "")) if isinstance(content, Mapping) else ""
        return LoadedListing(name, "refused", slug[:40], problems=tuple(problems))
    listing = listing_of(content)
    with transaction.atomic(using=using):
        return _write(name, listing, content, using)


def _write(name: str, listing: CatalogueListing, content: Mapping[str, Any], using: str) -> LoadedListing:
    last = ListingVersion.objects.filter(slug=listing.slug).order_by("-number").first()
    digest = digest_of(content)
    if last is not None and last.digest == digest:
        return LoadedListing(name, "known", listing.slug, last.number)
    prices = [row for row in prices_of(listing) if not _is_known(row)]
    problems = [*_of_sequence(listing, last), *_of_prices(prices)]
    if problems:
        return LoadedListing(name, "refused", listing.slug, problems=tuple(problems))
    for row in prices:
        row.save(using=using, force_insert=True)
    made = ListingVersion(
        slug=listing.slug,
        number=(last.number if last else 0) + 1,
        content=dict(content),
        digest=digest,
        effective_from=datetime.combine(listing.effective_from, time(), UTC),
    )
    made.save(using=using, force_insert=True)
    return LoadedListing(name, "loaded", listing.slug, made.number)


def digest_of(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _of_sequence(listing: CatalogueListing, last: ListingVersion | None) -> list[Problem]:
    if last is None:
        return []
    before = listing_of(last.content)
    if listing.history[: len(before.history)] != before.history:
        return [Problem("history_rewritten", "history")]
    if listing.effective_from == before.effective_from:
        return [Problem("version_exists", "effective_from")]
    if listing.effective_from < before.effective_from:
        return [Problem("effective_date_too_early", "effective_from")]
    return []


def _same_product(row: PriceVersion) -> QuerySet[PriceVersion]:
    return PriceVersion.objects.filter(
        meter=row.meter, vendor=row.vendor, plan=row.plan, currency=row.currency
    )


def _is_known(row: PriceVersion) -> bool:
    found = _same_product(row).filter(effective_from=row.effective_from).first()
    return (
        found is not None
        and read_terms(found.terms) == read_terms(row.terms)
        and found.billable_outcomes == row.billable_outcomes
    )


def _of_prices(rows: Sequence[PriceVersion]) -> list[Problem]:
    """Those that the ledger does not have yet: none in another's place, none that binds before it was announced."""
    found = []
    for row in rows:
        held = _same_product(row)
        field = f"plans.{row.plan}.{row.currency}"
        if held.filter(effective_from=row.effective_from).exists():
            found.append(Problem("price_exists", field))
        elif held.exists() and row.effective_from < clock.now() + NOTICE:
            found.append(Problem("price_change_not_announced", field))
    return found


def load_shipped(*, using: str) -> list[LoadedListing]:
    """What this software brings along. RuntimeError for a file that would not be published: it was never reviewed."""
    found = [load_file(path, using=using) for path in files_of(SHIPPED)]
    refused = [
        f"{each.name}: {problem.code} at {problem.field}" for each in found for problem in each.problems
    ]
    if refused:
        raise RuntimeError(f"listings that cannot be published: {', '.join(refused)}")
    return found
