"""What is wrong with a page as it stands in a browser, by axe and by its own complaints.

Only what is violated comes back from the browser: everything that is in order would be thousands of nodes with their
selectors, which cost more than finding them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Error, Page, Response

Rules = Mapping[str, Any]

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
STANDARD: Rules = {"runOnly": {"type": "tag", "values": WCAG}}
EVERYTHING: Rules = {"runOnly": {"type": "tag", "values": (*WCAG, "best-practice")}}
# What the other scheme may change of a page that was looked at in one; the rest is the same document.
COLOURS: Rules = {"runOnly": {"type": "rule", "values": ("color-contrast", "link-in-text-block")}}
# And what another width may change as well.
LOOK: Rules = {"runOnly": {"type": "rule", "values": (*COLOURS["runOnly"]["values"], "target-size")}}
# Colours on their way to the other scheme would read as too faint; those of a parent set off those of its children. What
# turns for ever has no end to go to.
_SETTLE = """() => {
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const moving = document.getAnimations();
    if (!moving.length) return;
    for (const one of moving) { try { one.finish() } catch { one.cancel() } }
  }
}"""
# All in one turn with the browser; null where axe is not in the page yet. None of our rules asks for what is loaded ahead
# (the style sheets, a second time), and nobody reads the selectors.
_RUN = f"""async (rules) => {{
  if (typeof axe !== "object") return null;
  ({_SETTLE})();
  const found = await axe.run({{...rules, resultTypes: ["violations"], preload: false, selectors: false}});
  return found.violations.map((rule) =>
    `axe ${{rule.id}}: ` + rule.nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join(" | "));
}}"""
# Those that put axe into every document they open: half a megabyte goes to the browser once, and not for each document.
_equipped: WeakSet[Page] = WeakSet()


def violations(page: Page, rules: Rules = EVERYTHING) -> list[str]:
    """`axe rule: the first elements that break it`, for each rule; empty when all is well."""
    found: list[str] | None = page.evaluate(_RUN, rules)
    if found is None:
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate(_RUN, rules)
    assert found is not None, "axe is not in the page"
    return found


def violations_in_both_schemes(page: Page, rules: Rules = EVERYTHING, *, picture: str = "") -> list[str]:
    """As it is in light, and what its colours break in the dark. Leaves the page in the dark."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = violations(page, rules)
    _picture(page, picture and f"{picture}-light")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"in the dark: {violation}" for violation in violations(page, COLOURS)]
    _picture(page, picture and f"{picture}-dark")
    return found


WIDE, NARROW = 1280, 390
_STILL_LOADING = "[hx-trigger~=load], .htmx-request"
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _opened(page: Page, address: str) -> Response | None:
    """Where the page that is left renews itself at this very moment, its own loading and ours meet, and ours fails or has no
    answer of its own: once it is gone, ours is alone."""
    for _try in range(2):
        try:
            answer = page.goto(address)
        except Error as error:
            if not any(
                words in str(error) for words in ("interrupted by another navigation", "net::ERR_ABORTED")
            ):
                raise
        else:
            if answer is not None:
                return answer
    return page.goto(address)


def examined(page: Page, address: str, name: str, *, status: int = 200) -> list[str]:
    """What is wrong with a page at both widths and in both schemes, what its scripts and its policy complain of included.

    It is one document, fetched once: all rules look at it where most of it is seen, then, narrow and in the dark at once,
    those whose answer the other width or the other scheme may change. The elements of all pages are looked at wide in the
    dark and narrow by day in the gallery. With READMIT_SHOTS set to a folder, the page leaves its pictures there.
    """
    found: list[str] = []
    if page not in _equipped:
        page.add_init_script(AXE_SCRIPT)
        _equipped.add(page)
    with complaints(page) as heard:
        page.set_viewport_size({"width": WIDE, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        answer = _opened(page, address)
        if answer is None or answer.status != status:
            found.append(f"{name} answers {answer and answer.status}")
        page.locator(_STILL_LOADING).first.wait_for(state="detached")
        found += _seen_at(page, WIDE, name, violations(page))
        _picture(page, f"{name}-{WIDE}-light")
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        _picture(page, f"{name}-{WIDE}-dark")
        page.set_viewport_size({"width": NARROW, "height": 900})
        _picture(page, f"{name}-{NARROW}-dark")
        found += _seen_at(page, NARROW, f"{name} in the dark", violations(page, LOOK))
        if os.environ.get("READMIT_SHOTS"):
            page.emulate_media(color_scheme="light", reduced_motion="reduce")
            _picture(page, f"{name}-{NARROW}-light")
    return found + [f"{name}: {text}" for text in heard if f"status of {status} " not in text]


def _seen_at(page: Page, width: int, name: str, wrong: list[str]) -> list[str]:
    sideways = [f"{name} scrolls sideways at {width}"] if page.evaluate(_SIDEWAYS) > 0 else []
    return [f"{name} at {width}: {violation}" for violation in wrong] + sideways


@contextmanager
def complaints(page: Page) -> Iterator[list[str]]:
    """What the page says on its console while the block runs, and what its scripts raise."""
    heard: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            heard.append(message.text)

    def raised(error: Error) -> None:
        heard.append(str(error))

    page.on("console", said)
    page.on("pageerror", raised)
    yield heard
    page.remove_listener("console", said)
    page.remove_listener("pageerror", raised)


def _picture(page: Page, name: str) -> None:
    folder = os.environ.get("READMIT_SHOTS")
    if folder and name:
        page.evaluate(_SETTLE)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
