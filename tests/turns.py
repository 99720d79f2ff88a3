"""Which tests a worker runs together, and in which order: what takes longest begins first.

A file is run by one worker, and so is a family of files that share something costly; else each worker would start it.
The controller knows tests by their names only, so the families are told here and not by marks. What a family shares ends
with it: servers that nobody asks any more would take their part of a core until the run is over.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest

# Longest first; whatever is in none of them follows in the order of its name. Measured on two cores.
FAMILIES: dict[str, tuple[str, ...]] = {
    "the whole product": (
        "tests/browser/test_walk.py",
        "tests/browser/test_held_walk.py",
        "tests/browser/test_eid_walk.py",
        "tests/running/test_surviving.py",
    ),
    "simulators of partners": (
        "tests/vendors/",
        "tests/recovery/test_bankid.py",
        "tests/recovery/test_eu_wallet.py",
        "tests/recovery/test_handed_over.py",
        "tests/recovery/test_partner_with_a_record.py",
        "tests/recovery/test_reference_evidence.py",
        "tests/recovery/test_without_a_face.py",
    ),
    "the house partner": ("tests/house/", "tests/vendors/test_house_partner.py"),
    "faces": ("tests/engine/faces/", "tests/engine/test_commands.py"),
    "documents": ("tests/engine/documents/",),
    "console pages in a browser": ("tests/console/test_look.py",),
    "people and cases in a browser": ("tests/directory/test_console_look.py",),
    "the stand-in product": ("tests/embedded/test_up.py",),
    "elements in a browser": ("tests/look/",),
    "camera pages in a browser": ("tests/browser/",),
    "the wallet in a browser": ("tests/wallet/",),
    "directories elsewhere": (
        "tests/connections/",
        "tests/recovery/connected/",
        "tests/sandboxes/test_graph_passes.py",
        "tests/sandboxes/test_graph_simulator.py",
        "tests/sandboxes/test_okta_simulator.py",
    ),
    "Verified ID at Microsoft": (
        "tests/verified_id/entra/",
        "tests/recovery/microsoft/",
        "tests/sandboxes/test_entra_simulator.py",
    ),
    "the Stripe sandbox": ("tests/collecting/", "tests/sandboxes/"),
    "TLS": ("tests/tls/",),
    "peers": ("tests/peers/",),
}


def turn_of(test: str) -> str:
    """The family of a test, else its file."""
    file = test.partition("::")[0]
    # The longest beginning is the nearest: one file of a folder may belong elsewhere.
    fitting = [
        (len(place), name) for name, places in FAMILIES.items() for place in places if file.startswith(place)
    ]
    return max(fitting)[1] if fitting else file


_shared = ExitStack()


@pytest.fixture(scope="session")
def turn() -> ExitStack:
    """Closed after the last test of the family, or of the file where it has none. For servers that one family alone asks."""
    return _shared


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    try:
        return (yield)
    finally:
        if nextitem is None or turn_of(nextitem.nodeid) != turn_of(item.nodeid):
            _shared.close()


def in_turn(tests: list[str]) -> list[str]:
    """The tests in the order in which their families begin."""
    places = {name: number for number, name in enumerate(FAMILIES)}
    return sorted(tests, key=lambda test: places.get(turn_of(test), len(places)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {test: number for number, test in enumerate(in_turn([item.nodeid for item in items]))}
    items.sort(key=lambda item: places[item.nodeid])


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile`, by families."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Turns(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return turn_of(nodeid)

    config.option.loadscopereorder = False  # the tests stand in their order already
    return Turns(config, log)
