"""The whole product, started once by `manage.py up` in a temporary folder, and one Chromium in front of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Error, Page

from portal.demo.walk.claimant import Claimant
from portal.demo.walk.journal import DESK, PHONE, Journal
from portal.demo.walk.stand import Stand
from portal.demo.walk.walking import walk
from portal.embedded.data import DataFolder
from portal.embedded.environment import whole_environment
from tests.look.looking import LOOK, STANDARD, Rules, violations

Rows = Callable[..., list[tuple[Any, ...]]]


# Their pages are listed and looked at one by one in tests/console, tests/directory and tests/wallet.
ELSEWHERE = ("localhost:", "wallet.")
# What differs between two walks past the same page: numbers, codes and references.
VARYING = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}|\d+")


# What a rule could tell apart in it: other words in the same elements are the same page.
BUILT = """() => [...document.body.querySelectorAll("*")].map((one) =>
  [one.tagName, one.className, one.getAttribute("role"), ...one.getAttributeNames(), one.checkVisibility()].join(" ")).join()"""


class Examiner:
    """Looks at each state of a page once, however many walk past it: as it stands, and wide or narrow and in the dark."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, ...]] = set()

    def __call__(self, page: Page) -> list[str]:
        place = urlsplit(page.url)
        if place.netloc.startswith(ELSEWHERE):
            return []
        path = "/".join("*" if re.search(r"\d", part) else part for part in place.path.split("/"))
        shown = VARYING.sub("*", page.locator("body").inner_text())
        states = {
            (place.netloc + path, page.title(), shown),
            (place.netloc + path, page.title(), "built of", page.evaluate(BUILT)),
        }
        known, self.seen = self.seen, self.seen | states
        if states & known:
            return []
        before = page.viewport_size or PHONE
        found = _found(page, STANDARD)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.set_viewport_size(DESK if before["width"] < DESK["width"] else PHONE)  # type: ignore[arg-type]
        found += [f"in the dark: {violation}" for violation in _found(page, LOOK)]
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(before)
        return found


def _found(page: Page, rules: Rules) -> list[str]:
    """A page that goes on by itself is looked at where it leads."""
    for _ in range(5):
        try:
            return violations(page, rules)
        except Error as gone:
            if "navigation" not in gone.message:
                raise
            page.wait_for_load_state()
    return []


@pytest.fixture(scope="session")
def examiner() -> Examiner:
    return Examiner()


@pytest.fixture
def journal(examiner: Examiner) -> Journal:
    return Journal(examine=examiner)


@pytest.fixture(scope="session")
def walked(browser: Browser, stand: Stand, examiner: Examiner) -> tuple[Journal, Claimant]:
    """The walk, once; the claimant's browser is closed, the case is recovered."""
    journal = Journal(examine=examiner)
    return journal, walk(browser, stand, journal, visit=False)


@pytest.fixture(scope="session")
def rows(stand: Stand) -> Rows:
    """Reads the product's database as its migrator, past row-level security."""
    data = DataFolder(stand.data)
    secrets, state = data.secrets(), data.state()
    assert secrets is not None and state is not None
    address = whole_environment(data, secrets, state, None)["READMIT_DB_MIGRATOR_URL"]

    def read(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(address) as connection:
            return connection.execute(sql, parameters).fetchall()

    return read
