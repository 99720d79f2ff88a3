"""Finding listings: search as somebody types, filters, the order, and what fits a tenant's own people. Pure.

A listing that says "everywhere" is found under each country; one that names no country at all is found under none.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import lru_cache

from portal.kit.countries import country_name
from vendors.catalogue.countries import DIALLED, ending_of, hinted_by
from vendors.catalogue.listing import EVERYWHERE, CatalogueListing
from vendors.catalogue.words import DOCUMENTS, KINDS, METHODS, words

# A hint from fewer people than this is no reason to suggest anything, and would say too much about them.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of the page asks for; empty means whatever."""

    text: str = ""
    country: str = ""
    document: str = ""
    method: str = ""
    certificate: str = ""
    price: str = ""
    kind: str = ""

    @property
    def is_anything(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listing with the price that this tenant would read; None where none is stated."""

    listing: CatalogueListing
    price: Decimal | None


@lru_cache(maxsize=2_048)
def fold(text: str) -> str:
    """Letters without their marks, in one case. Remembered: each search folds what every listing says, and that stays."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in plain if not unicodedata.combining(mark))


def searched_text(listing: CatalogueListing) -> str:
    """What a search looks at."""
    parts = [listing.name, listing.publisher, listing.promise, listing.slug.replace("_", " ")]
    parts += words(METHODS, listing.methods) + words(DOCUMENTS, listing.documents)
    parts += words(KINDS, listing.kinds) + [country_name(code) for code in listing.countries]
    parts += [certificate.name for certificate in listing.certificates]
    return fold(" ".join(parts))


def find(candidates: Iterable[Candidate], wanted: Wanted) -> list[Candidate]:
    asked = fold(wanted.text).split()
    return [each for each in candidates if _fits(each, wanted) and _is_about(each.listing, asked)]


def _is_about(listing: CatalogueListing, asked: Sequence[str]) -> bool:
    """Each word begins one of the listing's."""
    if not asked:
        return True
    text = " " + searched_text(listing).replace("-", " ").replace("(", " ")
    return all(f" {word}" in text for word in asked)


def _fits(each: Candidate, wanted: Wanted) -> bool:
    listing = each.listing
    return (
        (not wanted.country or covers(listing, wanted.country))
        and (not wanted.document or wanted.document in listing.documents)
        and (not wanted.method or wanted.method in listing.methods)
        and (not wanted.kind or wanted.kind in listing.kinds)
        and (not wanted.certificate or wanted.certificate in {held.name for held in listing.certificates})
        and (not wanted.price or wanted.price == price_class(each))
    )


def price_class(each: Candidate) -> str | None:
    """`free`, `stated`, `not_stated`: what the filter of prices tells apart."""
    if each.price is None:
        return "not_stated"
    return "stated" if each.price else "free"


def covers(listing: CatalogueListing, country: str) -> bool:
    return country in listing.countries or EVERYWHERE in listing.countries


def choices(candidates: Iterable[Candidate]) -> Mapping[str, list[str]]:
    """The values that occur, by the name of the filter."""
    rows = [each.listing for each in candidates]
    countries = {code for row in rows for code in row.countries} - {EVERYWHERE}
    return {
        "country": sorted(countries, key=country_name),
        "document": [code for code in DOCUMENTS if any(code in row.documents for row in rows)],
        "method": [code for code in METHODS if any(code in row.methods for row in rows)],
        "kind": [code for code in KINDS if any(code in row.kinds for row in rows)],
        "certificate": sorted({held.name for row in rows for held in row.certificates}),
    }


# ------------------------------------------------------------------ for the tenant's own people


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`hints` of `of` addresses hint at a country that these listings name themselves."""

    country: str
    hints: int
    of: int
    ending: str
    dialled: str
    slugs: tuple[str, ...]


def suggest(candidates: Iterable[Candidate], addresses: Sequence[str], most: int = 3) -> list[Suggestion]:
    """By where addresses hint at, the most frequent first. Only listings that name the country: one that says "everywhere"
    fits each and is no suggestion."""
    found = Counter(code for address in addresses if (code := hinted_by(address)))
    rows = [each.listing for each in candidates]
    suggested = []
    for code, hints in found.most_common():
        slugs = tuple(
            row.slug for row in sorted(rows, key=lambda row: len(row.countries)) if code in row.countries
        )
        if hints >= FEWEST and slugs:
            suggested.append(
                Suggestion(code, hints, len(addresses), ending_of(code), DIALLED[code], slugs[:3])
            )
    return suggested[:most]
