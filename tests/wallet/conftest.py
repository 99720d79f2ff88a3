"""A browser, the wallet's host and the peer: each test gets a fresh browser context and a fresh peer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.wallet.peer import CODE, Peer
from tests.wallet.serving import serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wallet_origin() -> Iterator[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.wallet.host"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    yield f"http://wallet.localhost:{int(process.stdout.readline())}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Every test fails when the page's policy was violated or its script raised."""
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: "Security Policy" in message.text and troubles.append(message.text))
    yield page
    assert troubles == []


@pytest.fixture
def peer(wallet_origin: str) -> Iterator[Peer]:
    peer = Peer(wallet=wallet_origin)
    server = serve(peer)
    yield peer
    server.shutdown()
    server.server_close()


def open_link(page: Page, peer: Peer, link: str) -> None:
    """Come as people do: from a page of the organisation, in the same tab."""
    page.goto(f"{peer.origin}/start")
    page.goto(link)


def take_card(page: Page, peer: Peer, code: str | None = CODE) -> None:
    open_link(page, peer, peer.new_offer())
    page.get_by_role("button", name="Take this card").wait_for()
    if code:
        page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Take this card").click()
    page.get_by_role("heading", name="Your card is in this browser").wait_for()
