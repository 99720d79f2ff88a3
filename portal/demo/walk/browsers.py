"""Chromium, the people who sit in front of it, and the devices they hold."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Error,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from portal.demo.puppet import Puppet
from portal.demo.walk.journal import DESK, PHONE, Journal, WalkFailed

NAMES = (
    *("chromium-headless-shell", "chrome-headless-shell"),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
)
FLAGS = [
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
    ),
    *("--disable-sync", "--disable-dev-shm-usage"),
]
PATIENCE_MS = 90_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that READMIT_CHROMIUM names, or the one on the path."""
    named = os.environ.get("READMIT_CHROMIUM")
    path = named or next((found for found in map(shutil.which, NAMES) if found), None)
    if path is None:
        raise WalkFailed(
            "The walk drives Chromium and there is none: run `apt-get install chromium-headless-shell "
            "fonts-dejavu-core` as root, or name a Chromium or Chrome in READMIT_CHROMIUM."
        )
    # What is expected of a page has the same patience as what is waited for: the machine may be busy with faces.
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as problem:
            raise WalkFailed(f"{path} does not start: {problem.message.splitlines()[0]}") from problem
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Authenticator:
    """A device that holds passkeys and checks its user, simulated by the browser."""

    cdp: CDPSession
    id: str

    def add(self, passkey: dict[str, str]) -> None:
        self.cdp.send(
            "WebAuthn.addCredential",
            {
                "authenticatorId": self.id,
                "credential": {
                    "credentialId": passkey["credential_id"],
                    "isResidentCredential": True,
                    "rpId": passkey["rp_id"],
                    "privateKey": passkey["private_key"],
                    "userHandle": passkey["user_handle"],
                    "signCount": int(passkey.get("sign_count", "0")),
                },
            },
        )

    def passkeys(self) -> list[dict[str, str]]:
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]
        return [
            {
                "rp_id": entry["rpId"],
                "credential_id": entry["credentialId"],
                "user_handle": entry["userHandle"],
                "private_key": entry["privateKey"],
                "sign_count": str(entry["signCount"]),
            }
            for entry in found
        ]

    def remove(self) -> None:
        """The device is lost."""
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


@dataclass
class Visitor:
    """Somebody with one browser. Every tap is counted: the demonstration promises how few are needed."""

    who: str
    context: BrowserContext
    page: Page
    journal: Journal
    taps: int = 0
    _cdp: CDPSession | None = field(default=None, repr=False)

    def step(self, name: str) -> Any:
        return self.journal.step(self.who, name, self.page)

    def tap(self, name: str | Locator, *, role: Any = "button", exact: bool = True) -> None:
        target = name if isinstance(name, Locator) else self.page.get_by_role(role, name=name, exact=exact)
        target.click()
        self.taps += 1

    def arrive(self, pattern: str) -> None:
        """Wait until the browser stands at an address; work in the background is waited for with patience."""
        # In two steps: a page that tidies its own address while it loads would else abort the wait.
        self.page.wait_for_url(pattern, wait_until="commit")
        self.page.wait_for_load_state("load")

    def heading(self) -> str:
        return (self.page.locator("h1").first.text_content() or "").strip()

    def see(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(state="visible")

    def authenticator(self) -> Authenticator:
        if self._cdp is None:
            self._cdp = self.context.new_cdp_session(self.page)
            self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return Authenticator(self._cdp, made["authenticatorId"])


@contextmanager
def visitor(
    browser: Browser, journal: Journal, who: str, *, puppet: Puppet | None = None, desk: bool = False
) -> Iterator[Visitor]:
    """A fresh browser of somebody, with the puppet before its cameras."""
    context = browser.new_context(viewport=DESK if desk else PHONE, locale="en-GB")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    if puppet is not None:
        puppet.install(context)
    page = context.new_page()
    context.on("page", lambda opened: journal.listen(who, opened))
    journal.listen(who, page)
    try:
        yield Visitor(who, context, page, journal)
    finally:
        context.close()
