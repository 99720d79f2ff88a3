"""What looks at pages sees what is wrong with them, or its silence would mean nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.look.looking import COLOURS, LOOK, examined, violations, violations_in_both_schemes

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang=en><title>A page</title><meta name=color-scheme content="light dark">
<style>body { color: #111; background: #fff } p { transition: color 5s }
@media (prefers-color-scheme: dark) { body { background: #111 } p { color: #eee } p.faint { color: #333 } }
@media (width < 600px) { p.small { color: #999; background: #aaa } }
@media (width > 600px) { .wide { inline-size: 3000px } }</style>
<main><h1>A page</h1>%s</main>"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_picture_without_words_is_told_with_its_element(page: Page) -> None:
    page.set_content(PAGE % '<img src="data:," width=30 height=30>')
    assert violations(page)[0].startswith('axe image-alt: <img src="data:,"')


def test_faint_words_in_the_dark_are_found_though_colours_take_their_time(page: Page) -> None:
    page.set_content(PAGE % "<p>Readable in both.</p>")
    assert violations_in_both_schemes(page) == []
    page.set_content(PAGE % "<p class=faint>Readable by day.</p>")
    [found] = violations_in_both_schemes(page)
    assert found.startswith("in the dark: axe color-contrast: <p class")
    assert violations(page, COLOURS) == violations(page, LOOK) != []


def test_what_the_console_says_and_what_scrolls_sideways_is_told(page: Page) -> None:
    body = PAGE % "<p class=wide>Far</p><script>console.error('no good')</script>"
    page.route("**/page", lambda route: route.fulfill(body=body, content_type="text/html"))
    found = examined(page, "http://look.example/page", "it")
    assert found == ["it scrolls sideways at 1280", "it: no good"]
    assert examined(page, "http://look.example/page", "it", status=404)[0] == "it answers 200"


def test_what_is_wrong_at_one_width_alone_is_told(page: Page) -> None:
    body = PAGE % "<p class=small>Faint where it is narrow.</p>"
    page.route("**/narrow", lambda route: route.fulfill(body=body, content_type="text/html"))
    [found] = examined(page, "http://look.example/narrow", "it")
    assert found.startswith("it in the dark at 390: axe color-contrast: <p class")
