"""The elements in a real browser, under the strict policy, at both widths and in both schemes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.look.looking import EVERYTHING, LOOK, complaints, violations, violations_in_both_schemes

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["/", "/?rtl", "/look/hosted", "/look/partner", "/look/wallet", "/look/site", "/look/receipt"]
ERRORS = [f"/errors/{code}{look}" for code in (400, 403, 404, 429, 500) for look in ("", "_hosted")]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.look.gallery", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def one_page(browser: Browser) -> Iterator[Page]:
    """For looking only: each new process of the browser costs more than a look."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_keeps_the_policy(one_page: Page, origin: str, path: str) -> None:
    one_page.emulate_media(color_scheme="light", reduced_motion="reduce")
    with complaints(one_page) as heard:
        answer = one_page.goto(origin + path)
        assert answer is not None and answer.ok
        if path == "/?rtl":  # the same elements in the same colours, in other places
            assert violations(one_page, LOOK) == []
        else:
            assert violations_in_both_schemes(one_page, EVERYTHING) == []
    assert heard == []


@pytest.mark.parametrize("path", ERRORS)
def test_an_error_is_accessible_and_keeps_the_policy(one_page: Page, origin: str, path: str) -> None:
    """Words and buttons of the layouts that are looked at above in both schemes."""
    one_page.emulate_media(color_scheme="light", reduced_motion="reduce")
    with complaints(one_page) as heard:
        answer = one_page.goto(origin + path)
        assert answer is not None and answer.ok
        assert violations(one_page) == []
    assert heard == []


@pytest.mark.parametrize("path", ["/", "/look/hosted"])
def test_what_shows_when_it_is_narrow_is_accessible_by_day(one_page: Page, origin: str, path: str) -> None:
    """In the dark every page of the product is looked at when it is narrow."""
    one_page.emulate_media(color_scheme="light", reduced_motion="reduce")
    one_page.set_viewport_size({"width": 390, "height": 800})
    one_page.goto(origin + path)
    assert violations(one_page, LOOK) == []
    one_page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways(one_page: Page, origin: str, path: str) -> None:
    one_page.goto(origin + path)
    for width in (320, 390, 768, 1280):
        one_page.set_viewport_size({"width": width, "height": 800})
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert one_page.evaluate(too_wide) <= 0, width
    assert one_page.evaluate("document.querySelectorAll('[style]').length") == 0 or path == "/"


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(page: Page, origin: str) -> None:
    page.goto(origin + "/look/hosted")
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.matches('[data-error-summary]')")
    page.click("[data-error-summary] a")
    assert page.evaluate("document.activeElement.id") == "id_user_name"
    described = page.get_attribute("#id_user_name", "aria-describedby")
    assert described and page.inner_text(f"#{described.split()[-1]}").endswith("This field is required.")


def test_a_dialog_gives_the_focus_back_to_what_opened_it(page: Page, origin: str) -> None:
    page.goto(origin)
    page.click("[data-opens=forget]")
    assert page.locator("#forget").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#forget").is_visible()
    assert page.evaluate("document.activeElement.dataset.opens") == "forget"


def test_the_list_unfolds_on_a_narrow_screen(page: Page, origin: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(origin)
    assert not page.is_visible("#console-nav")
    page.click("[data-nav-toggle]")
    assert (
        page.is_visible("#console-nav") and page.get_attribute("[data-nav-toggle]", "aria-expanded") == "true"
    )
    page.keyboard.press("Escape")
    assert not page.is_visible("#console-nav")


def test_a_second_press_does_not_submit_twice(page: Page, origin: str) -> None:
    page.goto(origin + "/look/hosted")
    page.evaluate(
        "window.sent = 0; window.addEventListener('submit', (e) => { if (!e.defaultPrevented) window.sent += 1; e.preventDefault(); })"
    )
    button = page.locator("button[type=submit]").first
    button.click()
    assert button.get_attribute("aria-busy") == "true" and button.inner_text() == "Working…"
    button.evaluate("(node) => node.click()")
    assert page.evaluate("window.sent") == 1


def test_a_notice_from_the_server_becomes_a_toast(page: Page, origin: str) -> None:
    page.goto(origin)
    page.evaluate(
        "document.body.dispatchEvent(new CustomEvent('toast', {bubbles: true, detail: {text: 'Saved', tone: 'bad'}}))"
    )
    assert page.inner_text("#toasts .toast p") == "Saved"
    page.click("#toasts .toast button")
    assert page.locator("#toasts .toast").count() == 0


def test_times_are_in_the_readers_zone(browser: Browser, origin: str) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    page.goto(origin)
    time = page.locator("td time").first
    assert "18:41" in time.inner_text() or "06:41" in time.inner_text()
    assert "2026" in (time.get_attribute("title") or "")
    context.close()


def test_menus_open_and_close_from_the_keyboard(page: Page, origin: str) -> None:
    page.goto(origin)
    page.focus(".console-account summary")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.matches('.console-account .menu-item')")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('.console-account summary')")


def test_a_poll_that_was_told_where_to_go_does_not_restart_the_way_there(page: Page, origin: str) -> None:
    """Else whoever is on a network slower than the polling never arrives."""
    asked: list[str] = []
    arriving: list[Route] = []

    def told(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(headers={"HX-Redirect": "/look/receipt"})

    page.goto(origin + "/look/hosted")
    page.route("**/look/state", told)
    page.route("**/look/receipt", lambda route: arriving.append(route))
    page.evaluate(
        """() => {
          const poll = '<div id="poll" hx-get="/look/state" hx-trigger="every 30ms"></div>';
          document.body.insertAdjacentHTML("beforeend", poll);
          window.polledOften = new Promise((resolve) => {
            let polls = 0;
            document.addEventListener("htmx:beforeRequest", () => (polls += 1) > 5 && resolve());
          });
          htmx.process(document.getElementById("poll"));
        }"""
    )
    page.evaluate("() => window.polledOften")
    assert len(asked) == 1 and len(arriving) == 1
    arriving[0].continue_()
    page.wait_for_url("**/look/receipt")
