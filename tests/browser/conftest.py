"""The whole product, started once by `manage.py up` in a temporary folder, and one Chromium in front of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page

from portal.demo.walk.claimant import Claimant
from portal.demo.walk.journal import Journal
from portal.demo.walk.stand import Stand
from portal.demo.walk.walking import walk
from portal.embedded.data import DataFolder
from portal.embedded.environment import whole_environment

Rows = Callable[..., list[tuple[Any, ...]]]
AXE = Axe()
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def accessibility_of(page: Page) -> list[str]:
    """What axe finds on the page as it stands; a page that goes on by itself is looked at where it leads."""
    for _ in range(5):
        try:
            found = AXE.run(page, options=WCAG).response["violations"]
            break
        except Error as gone:
            if "navigation" not in gone.message:
                raise
            page.wait_for_load_state()
    else:
        return []
    return [f"axe {entry['id']}: {[node['target'] for node in entry['nodes']]}" for entry in found]


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
