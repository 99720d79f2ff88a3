"""The whole product, started once by `manage.py up` in a temporary folder, and one Chromium in front of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page

from portal.demo.walk.claimant import Claimant
from portal.demo.walk.journal import DESK, PHONE, Journal
from portal.demo.walk.stand import Stand
from portal.demo.walk.walking import walk
from portal.embedded.data import DataFolder
from portal.embedded.environment import whole_environment

Rows = Callable[..., list[tuple[Any, ...]]]
AXE = Axe()
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# What the other width and the other scheme may change; the rest is the same document.
OTHER_LOOK = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block", "target-size"]}}


def accessibility_of(page: Page) -> list[str]:
    """What axe finds on the page as it stands, and what is different on a wide and dark screen."""
    before = page.viewport_size or PHONE
    found = _found(page, WCAG)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size(DESK if before["width"] < DESK["width"] else PHONE)  # type: ignore[arg-type]
    dark: list[str] = []
    for _ in range(3):
        # Colours caught on their way to the other scheme read as too faint: what is wrong stays wrong.
        dark = _found(page, OTHER_LOOK)
        if not dark:
            break
        page.wait_for_timeout(300)
    found += [f"dark {violation}" for violation in dark]
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.set_viewport_size(before)
    return found


def _found(page: Page, options: dict[str, Any]) -> list[str]:
    """A page that goes on by itself is looked at where it leads."""
    for _ in range(5):
        try:
            found = AXE.run(page, options=options).response["violations"]
        except Error as gone:
            if "navigation" not in gone.message:
                raise
            page.wait_for_load_state()
        else:
            return [f"axe {entry['id']}: {[node['target'] for node in entry['nodes']]}" for entry in found]
    return []


@pytest.fixture
def journal() -> Journal:
    return Journal(examine=accessibility_of)


@pytest.fixture(scope="session")
def walked(browser: Browser, stand: Stand) -> tuple[Journal, Claimant]:
    """The walk, once; the claimant's browser is closed, the case is recovered."""
    journal = Journal(examine=accessibility_of)
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
