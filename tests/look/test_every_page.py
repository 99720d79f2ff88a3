"""What can be told of every page of the console by a rule: it fits a narrow screen in both directions, each control can be
reached and is seen when it is, also where the system chooses the colours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import Browser, Page

from tests.console.conftest import client_of_member, forget_network_jobs
from tests.console.test_every_address import SIMULATORS_KEPT, TABLE, World
from tests.recovery.console.serving import serve_site
from tests.words.pseudo import spoken

pytestmark = pytest.mark.browser

NARROW, FEWEST = 320, 50
OWN = (
    "/o/?all",
    "/o/new",
    "/account/",
    "/account/passkey",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/logout/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/totp/activate/",
    "/accounts/password/change/",
)

TOO_WIDE = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
  ? [...document.querySelectorAll("body *")].filter((one) => {
      const { left, right } = one.getBoundingClientRect();
      return left < -1 || right > document.documentElement.clientWidth + 1;
    }).slice(0, 3).map((one) => `too wide: ${one.outerHTML.slice(0, 140)}`) : []"""
# Focus by script counts as by keyboard once a key was pressed.
REACHED = """() => {
  const wrong = [];
  const seen = (one, part) => {
    const style = getComputedStyle(one, part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex !== -1);
  for (const one of controls) {
    const says = (what) => wrong.push(`${what}: ${one.outerHTML.slice(0, 140)}`);
    if (one.tabIndex > 0) says("out of turn");
    one.focus();
    if (document.activeElement !== one) { says("takes no focus"); continue; }
    if (one instanceof SVGElement) continue; // drawings are ringed by a stroke of their own
    const rings = [one, one.closest(".choice"), one.nextElementSibling?.matches(".file-drop-face") && one.nextElementSibling];
    if (!rings.some((ring) => ring && (seen(ring) || seen(ring, "::after")))) says("unseen when reached");
    const box = one.getBoundingClientRect();
    if (box.height > innerHeight / 2) continue; // a table that scrolls: its middle may lie anywhere
    const spots = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5]].map(([x, y]) =>
      document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
    const near = one.closest("label, .choice, .check") ?? one;
    if (!spots.some((spot) => spot && (near.contains(spot) || spot.contains(one)))) says("covered when reached");
  }
  return wrong;
}"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with override_settings(**SIMULATORS_KEPT):
        yield World()
    forget_network_jobs()


@pytest.fixture(scope="module")
def origin(world: World) -> Iterator[str]:
    server = serve_site()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(browser: Browser, world: World, origin: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=origin, viewport={"width": NARROW, "height": 800}, reduced_motion="reduce"
    )
    name = settings.SESSION_COOKIE_NAME
    signed_in = client_of_member(world.members["O"]).cookies[name].value
    context.add_cookies([{"name": name, "value": signed_in, "url": origin}])
    yield context.new_page()
    context.close()


def addresses(world: World) -> dict[str, str]:
    """Every address that is a page: no part of one, no file, nothing that only takes forms."""
    client = world.clients["O"]
    named = {name: world.path(name, "O") for name, (may_open, _may_send) in TABLE.items() if "O" in may_open}
    own = {path: path for path in OWN}
    return {
        name: path
        for name, path in {**named, **own}.items()
        if client.get(path).getvalue().lstrip()[:15] == b"<!DOCTYPE html>"
    }


def draw(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None and answer.ok, path
    page.locator("[hx-trigger~=load], .htmx-request").first.wait_for(state="detached")


def picture(page: Page, name: str, look: str) -> None:
    folder = os.environ.get("READMIT_SHOTS")
    if folder:
        page.screenshot(
            path=Path(folder, f"{name.strip('/').replace('/', '-').replace(':', '-')}-{look}.png"),
            full_page=True,
        )


def test_every_page_is_worked_by_keyboard_and_fits_a_narrow_screen_in_both_directions(
    page: Page, world: World
) -> None:
    """In longer words than ours, from right to left, and turned back."""
    found: list[str] = []
    pages = addresses(world)
    assert len(pages) > FEWEST
    with spoken(right_to_left=True):
        for name, path in pages.items():
            found += [f"{name}: {wrong}" for wrong in looked_at(page, name, path)]
    assert not found, "\n".join(found)


def looked_at(page: Page, name: str, path: str) -> list[str]:
    page.emulate_media(forced_colors="none")
    draw(page, path)
    wrong = [f"from right to left {each}" for each in page.evaluate(TOO_WIDE)]
    picture(page, name, "rtl-320")
    page.evaluate("document.documentElement.dir = 'ltr'")
    wrong += page.evaluate(TOO_WIDE)
    page.keyboard.press("Tab")
    if not page.evaluate("document.activeElement.matches('.skip-link, [data-error-summary] *')"):
        wrong.append("does not begin with the way to the content")
    wrong += page.evaluate(REACHED)
    page.emulate_media(forced_colors="active")
    wrong += [f"in forced colours {each}" for each in page.evaluate(REACHED)]
    picture(page, name, "forced-320")
    return wrong
