"""`manage.py load_listings [FILE|FOLDER]`: reviewed listings onto the shelf, with a result for each file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from portal.kit import http
from portal.kit.errors import Misconfigured, ReadmitError, Unavailable
from tenants.management.operating import (
    DONE,
    REFUSED,
    OperatingCommand,
    summary_of,
    words_of_summary,
)
from vendors.catalogue.listing import listing_of
from vendors.catalogue.loading import SHIPPED, LoadedListing, files_of, load_file, read_listing
from vendors.catalogue.reading import Problem

RESULTS = ("loaded", "known", "refused")


class Command(OperatingCommand):
    help = "Put reviewed listings and the prices of their plans on the shelf of the marketplace."
    exit_codes = (
        "Exit codes: 0 every listing is on the shelf or was, 1 some were refused, 2 the files or the database could not\n"
        "be used (one sentence on standard error says why). With --json one JSON object for each file,\n"
        "and a last one that counts them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "path", metavar="FILE|FOLDER", nargs="?", default="", help="what is shipped, if nothing is named"
        )
        parser.add_argument(
            "--check-links", action="store_true", help="also ask each link whether it answers"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        counted: Counter[str] = Counter()
        for path in _paths(options["path"]):
            result = _load(path, check_links=options["check_links"])
            counted[result.result] += 1
            self.stdout.write(json.dumps(result.to_json()) if options["json"] else _line(result))
        return REFUSED if counted["refused"] else DONE, summary_of("files", counted, RESULTS)

    def words(self, told: Mapping[str, Any]) -> str:
        return words_of_summary(told)


def _paths(named: str) -> Iterator[Path]:
    try:
        yield from files_of(Path(named) if named else SHIPPED)
    except OSError as error:
        raise Unavailable("file_unreadable", f"{named} could not be read: {error.strerror}.") from error


def _load(path: Path, *, check_links: bool) -> LoadedListing:
    try:
        dead = list(_dead_links(path)) if check_links else []
        if dead:
            return LoadedListing(path.name, "refused", path.stem[:40], problems=tuple(dead))
        return load_file(path)
    except Misconfigured:
        raise Misconfigured(
            "role_missing", "Listings are written by the operator's role: set READMIT_DB_OPS_URL."
        ) from None


def _dead_links(path: Path) -> Iterator[Problem]:
    """Links that nobody answers. A file that cannot be read as a listing is refused by the loading itself."""
    try:
        links = listing_of(read_listing(path)).links
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return
    for number, link in enumerate(links):
        try:
            status = http.send("GET", link.url, timeout=10.0, max_bytes=3_000_000).status
        except ReadmitError:
            status = 0
        if not 200 <= status < 400:
            yield Problem("link_unreachable", f"links.{number}.url")


def _line(result: LoadedListing) -> str:
    if result.problems:
        told = "; ".join(f"{problem.sentence} ({problem.field})" for problem in result.problems)
        return f"{result.name}: REFUSED, not published: {told}"
    return f"{result.name}: {result.result}, version {result.number} of {result.slug}"
