"""Every word a stranger reads goes through gettext, and every page they see can be read from right to left."""

from __future__ import annotations

import mimetypes
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Route

from tenants.models import Tenant
from tenants.notices import mailbox
from tests.conftest import client_of, make_tenant
from tests.words.pages import Page, open_pages
from tests.words.pseudo import bare_words, spoken

NAMES = {"Readmit", "Acme & Sons", "AS"}  # the product, the organisation and its monogram
FEWEST = 20


@pytest.fixture
def acme(settings: Any) -> Tenant:
    """The local mailbox has pages too."""
    settings.EMAIL_BACKEND = mailbox.BACKEND
    return make_tenant(name="Acme & Sons")


def test_a_text_that_skips_gettext_is_found() -> None:
    page = (
        '<p>⟦Fine <b>and</b> well⟧ 12</p><p title="Bare">Readmit</p><p>Also bare</p><script>let no</script>'
    )
    assert bare_words(page, known=NAMES) == ["Bare", "Also bare"]


def test_every_page_open_to_strangers_speaks_through_gettext(acme: Tenant) -> None:
    with spoken():
        pages = open_pages(acme)
    assert len(pages) >= FEWEST
    found = {f"{page.host}{page.path}": bare_words(page.html, known=NAMES) for page in pages}
    assert {address: words for address, words in found.items() if words} == {}
    assert "Sign in with a passkey" in bare_words(
        client_of(acme).get("/sign-in").content.decode(), known=NAMES
    )


@pytest.mark.browser
def test_pages_turn_for_languages_that_are_read_from_right_to_left(acme: Tenant, browser: Browser) -> None:
    with spoken(right_to_left=True):
        pages = [page for page in open_pages(acme) if page.host != "localhost:8000"]
    assert len(pages) >= 8
    context = browser.new_context(viewport={"width": 390, "height": 844})
    shown = context.new_page()
    now: list[Page] = []

    def answer(route: Route) -> None:
        path = route.request.url.split("/", 3)[3].partition("?")[0]
        if not path.startswith("static/"):
            route.fulfill(
                status=200, content_type="text/html; charset=utf-8", body=now[-1].html if now else ""
            )
            return
        file = finders.find(path.removeprefix("static/"))
        if not file or path.endswith(".js"):
            route.fulfill(status=404, body="")
        else:
            route.fulfill(path=file, content_type=mimetypes.guess_type(path)[0] or "text/plain")

    context.route("**/*", answer)
    wide: dict[str, object] = {}
    for page in pages:
        now.append(page)
        shown.goto(f"http://{page.host}{page.path}", wait_until="load")
        assert shown.evaluate("document.documentElement.dir") == "rtl", page.path
        assert shown.evaluate("getComputedStyle(document.body).direction") == "rtl", page.path
        # From right to left a page that is too wide scrolls into negative numbers: the width alone tells.
        too_wide = shown.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            " ? [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().left < -1)"
            ".slice(0, 3).map((e) => e.outerHTML.slice(0, 120)) : null"
        )
        if too_wide is not None:
            wide[page.host + page.path] = too_wide
    context.close()
    assert wide == {}
