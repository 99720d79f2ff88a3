"""The product the browser tests walk on, with a hand on its processes."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from portal.demo.walk.stand import Stand
from tests.running.product import Product


@pytest.fixture(scope="session")
def product(stand: Stand, turn: ExitStack) -> Product:
    made = Product(stand)
    turn.callback(made.stop)
    log, first = stand.data.parent / "up.log", stand.data / "secrets.json"
    made.starts.append(("first start", log.stat().st_mtime - first.stat().st_mtime))
    return made
