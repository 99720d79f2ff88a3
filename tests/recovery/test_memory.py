"""What is remembered of walks is what walking leaves, and nothing is remembered where a test made the walk another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from recovery.stages import Stage
from tests.recovery import memory as memories
from tests.recovery.journey import Journey, Place
from tests.recovery.memory import WatchedPatch, memory


def as_in_the_next_test(place: Place) -> Journey:
    mail.outbox.clear()
    memory().partner()
    again = memory().place(place.vision, lambda: pytest.fail("made anew"), place.is_pristine)
    memory().ada(again)
    return again.browser()


def test_what_is_given_is_what_was_walked_and_goes_on(place: Place, browser: Journey) -> None:
    browser.begin("ada")
    rows, reference = memory().rows.digests(place.tenant.id), browser.case.reference
    calls, given = list(place.provider.calls), memory().given
    again = as_in_the_next_test(place)
    assert memory().rows.digests(place.tenant.id) != rows
    again.begin("ada")
    assert memory().given == given + 1
    assert memory().rows.digests(place.tenant.id) == rows
    assert (again.case.reference, again.stage) == (reference, Stage.CONSENT)
    assert again.code_mailed() and place.provider.calls == calls
    assert again.prove().stage is Stage.CREDENTIAL


def test_a_walk_after_anything_else_is_walked(place: Place, browser: Journey) -> None:
    browser.begin("ada")
    place.person("ben")
    given = memory().given
    assert browser.prove().stage is Stage.CREDENTIAL
    assert memory().given == given and browser.way is None


def test_a_place_is_remembered_for_a_minute(
    browser: Journey, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    def make() -> Place:
        raise LookupError("made anew")

    memory().place(place.vision, make, place.is_pristine)
    monkeypatch.setattr(memories, "SECONDS", 0.0)
    with pytest.raises(LookupError):
        memory().place(place.vision, make, place.is_pristine)


Change = Callable[[Journey, Any, pytest.MonkeyPatch], Any]
CHANGES: dict[str, Change] = {
    "a row": lambda browser, _settings, _patch: browser.place.set_profile(name="Another"),
    "a person more": lambda browser, _settings, _patch: browser.place.person("ben"),
    "a setting": lambda _browser, settings, _patch: setattr(settings, "LANGUAGE_CODE", "de"),
    "a function": lambda _browser, _settings, patch: patch.setattr("recovery.opening.confirm_code", None),
    "the partner's answer": lambda browser, _settings, _patch: setattr(
        browser.place.provider.answers, "number", "X"
    ),
    "the partner's key": lambda browser, _settings, _patch: setattr(
        browser.place.provider, "key", browser.place.provider.other_key
    ),
    "what the partner does": lambda browser, _settings, _patch: setattr(
        browser.place.provider, "exchange", lambda form: (500, b"")
    ),
    "what vision does": lambda browser, _settings, _patch: setattr(
        browser.place.vision, "answer", lambda path, body: (500, b"")
    ),
    "what vision plays": lambda browser, _settings, _patch: setattr(browser.place.vision, "confidence", 12),
    "the browser's language": lambda browser, _settings, _patch: browser.client.defaults.update(
        HTTP_ACCEPT_LANGUAGE="de"
    ),
    "a cookie": lambda browser, _settings, _patch: browser.client.cookies.load({"theme": "dark"}),
    "a card in the wallet": lambda browser, _settings, _patch: browser.wallet.credentials.append("card"),
    "a mail": lambda _browser, _settings, _patch: mail.outbox.append(mail.EmailMessage()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_nothing_is_remembered_where_the_test_changed(
    change: Change, browser: Journey, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert memory().way_of(browser) == ()
    change(browser, settings, monkeypatch)
    assert memory().way_of(browser) is None


@contextmanager
def another_function() -> Iterator[None]:
    with WatchedPatch.context() as patch:
        patch.setattr("recovery.opening.confirm_code", None)
        yield


@pytest.mark.parametrize(
    "inside",
    [
        lambda: clock.frozen(datetime(2031, 1, 1, tzinfo=UTC)),
        lambda: CaptureQueriesContext(connection),
        another_function,
    ],
    ids=["another time", "counting what the database is asked", "a function exchanged"],
)
def test_nothing_is_remembered_inside(
    inside: Callable[[], AbstractContextManager[Any]], browser: Journey
) -> None:
    for context, way in ((nullcontext(), ()), (inside(), None)):
        with context:
            assert memory().way_of(browser) == way
