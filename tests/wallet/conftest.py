"""A browser, the wallet's host and the peer: each test gets a fresh browser context and a fresh peer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from tests.wallet.peer import CODE, Peer
from tests.wallet.serving import serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wallet_origin(turn: ExitStack) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.wallet.host"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    turn.callback(process.wait, 10)
    turn.callback(process.terminate)
    assert process.stdout is not None
    return f"http://wallet.localhost:{int(process.stdout.readline())}"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    yield from _watched(context.new_page())


def _watched(page: Page) -> Iterator[Page]:
    """Every test fails when the page's policy was violated or its script raised."""
    troubles: list[str] = []

    def raised(error: Error) -> None:
        troubles.append(str(error))

    def said(message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            troubles.append(message.text)

    page.on("pageerror", raised)
    page.on("console", said)
    yield page
    page.remove_listener("pageerror", raised)
    page.remove_listener("console", said)
    assert troubles == []


@pytest.fixture(scope="module")
def one_page(browser: Browser) -> Iterator[Page]:
    """For refusals that leave nothing behind: each new process of the browser costs more than such a test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def same_page(one_page: Page) -> Iterator[Page]:
    yield from _watched(one_page)


@pytest.fixture
def peer(wallet_origin: str) -> Iterator[Peer]:
    peer = Peer(wallet=wallet_origin)
    server = serve(peer)
    yield peer
    server.shutdown()
    server.server_close()


def come_from_organisation(page: Page, peer: Peer) -> None:
    """As people do, in the same tab: where the way back leads."""
    page.goto(f"{peer.origin}/start")


def take_card(page: Page, peer: Peer, code: str | None = CODE) -> None:
    page.goto(peer.new_offer())
    page.get_by_role("button", name="Take this card").wait_for()
    if code:
        page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Take this card").click()
    page.get_by_role("heading", name="Your card is in this browser").wait_for()
