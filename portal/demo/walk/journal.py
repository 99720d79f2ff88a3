"""What a walk did: each step with its time, its pictures, and what a browser complained about."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


class WalkFailed(Exception):
    """A step did not lead where it should; the sentence says where the browser stood."""


@dataclass
class Step:
    who: str
    name: str
    seconds: float
    address: str = ""


@dataclass
class Journal:
    """Written by every visitor of one walk. `troubles` make the walk fail."""

    pictures: Path | None = None
    examine: Callable[[Page], Iterable[str]] = lambda page: ()
    say: Callable[[str], None] = lambda line: None
    steps: list[Step] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    taps: int = 0

    @contextmanager
    def step(self, who: str, name: str, page: Page) -> Iterator[None]:
        """One thing somebody does; what is on the page when it is done is the picture."""
        began = time.monotonic()
        try:
            yield
        except Exception as problem:
            self._picture(page, f"{name} failed")
            raise WalkFailed(f"{who}: {name}: at {address_of(page)}: {_first_line(problem)}") from problem
        taken = Step(who, name, round(time.monotonic() - began, 2), address_of(page))
        self.steps.append(taken)
        self.say(f"{len(self.steps):3}  {taken.seconds:6.2f} s  {who:13} {name}")
        self._picture(page, name)
        self.troubles += [f"{who} at {address_of(page)}: {found}" for found in self.examine(page)]

    def _picture(self, page: Page, name: str) -> None:
        if self.pictures is None or page.is_closed():
            return
        before = page.viewport_size
        slug = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")
        for size in (DESK, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            path = self.pictures / f"{len(self.steps):02}-{slug}-{size['width']}.png"
            page.screenshot(path=path, full_page=True, animations="disabled")
        if before:
            page.set_viewport_size(before)

    def listen(self, who: str, page: Page) -> None:
        """Errors of scripts, violations of the policy and answers of 500 are troubles."""
        page.on("pageerror", lambda error: self._trouble(who, page, f"script error: {error}"))
        page.on("console", lambda message: self._console(who, page, message))
        page.on("response", lambda answer: self._answer(who, page, answer))

    def _console(self, who: str, page: Page, message: Any) -> None:
        # What the browser writes about an answer's status is judged by the answer itself.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._trouble(who, page, f"console: {message.text}")

    def _answer(self, who: str, page: Page, answer: Any) -> None:
        asset = answer.request.resource_type in {"script", "stylesheet", "image", "font"}
        # 503 says "one moment", and the page asks again.
        if answer.status >= (400 if asset else 500) and answer.status != 503:
            self._trouble(who, page, f"{answer.status} from {answer.url}")

    def _trouble(self, who: str, page: Page, what: str) -> None:
        self.troubles.append(f"{who} at {address_of(page)}: {what}")

    def require_quiet(self) -> None:
        if self.troubles:
            raise WalkFailed("The browser complained:\n" + "\n".join(self.troubles))


def address_of(page: Page) -> str:
    """Without what lies behind the hash: a specimen's whole picture may."""
    return page.url.partition("#")[0]


def _first_line(problem: Exception) -> str:
    lines = [line for line in str(problem).splitlines() if line.strip()]
    return " ".join(lines[:3])[:600] or type(problem).__name__
