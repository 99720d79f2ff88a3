"""What a simulator remembers while it runs: sessions, what they are to end with, faults that are switched on."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

PERSON = {
    "given": "Ada",
    "family": "Lovelace",
    "birthdate": "1990-02-01",
    "number": "P1234567",
    "country": "GB",
    "expires": "2031-01-01",
}
SETTLE_SECONDS = 3.0
MOST_SESSIONS = 5_000


@dataclass
class Session:
    """One session at the pretended partner. `scenario` is empty until somebody chose how it ends."""

    id: str
    reference: str
    back: str
    wanted: dict[str, Any]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    scenario: str = ""
    ended_early: str = ""  # canceled or expired from outside
    redacted: str = ""  # processing, redacted
    finished_at: float = 0.0
    settled: bool = False
    reads: int = 0
    person: dict[str, str] = field(default_factory=lambda: dict(PERSON))
    picture: bytes = b""
    created: int = field(default_factory=lambda: int(time.time()))


@dataclass
class World:
    """One for each process. Whoever changes it holds the lock."""

    sessions: dict[str, Session] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    scenario: str = ""
    webhook_url: str = ""
    settle_seconds: float = SETTLE_SECONDS
    kept_answers: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add(self, session: Session) -> Session:
        with self.lock:
            while len(self.sessions) >= MOST_SESSIONS:
                self.sessions.pop(next(iter(self.sessions)))
            self.sessions[session.id] = session
        return session

    def by_token(self, token: str) -> Session | None:
        return next((each for each in list(self.sessions.values()) if each.token == token), None)

    def newest(self, number: int) -> list[Session]:
        return list(self.sessions.values())[: -number - 1 : -1]


WORLD = World(scenario=settings.SIMULATOR_SCENARIO, webhook_url=settings.SIMULATOR_WEBHOOK_URL)


def word(purpose: str) -> str:
    """A secret that is the same after a restart."""
    return hmac.new(settings.SECRET_KEY.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:40]


def has(fault: str) -> bool:
    return fault in WORLD.faults


def is_settled(session: Session) -> bool:
    """Whether the partner has finished its own work."""
    return session.settled or (
        bool(session.finished_at) and time.time() >= session.finished_at + WORLD.settle_seconds
    )


def shown_person(session: Session) -> dict[str, str]:
    """Who was proven; another one from the second look on, where the partner is to contradict itself."""
    session.reads += 1
    if has("contradiction") and session.reads > 1:
        return {**session.person, "family": "Byron"}
    return session.person
