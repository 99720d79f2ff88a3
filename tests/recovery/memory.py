"""Remembers how far a walk came, so that not every test walks the same way to where it begins.

The first test that walks a way does it over HTTP; what it left is kept: the tenant's rows, and what browser, wallet, mailbox,
partner and vision hold. A later test that is about to walk the same way is given it instead, but only if nothing in it
could have made the walk another one: the rows are to the byte those at the beginning of the way, browser and wallet are
as they were, partner and vision play as they do by default, the clock runs, and no setting or function was exchanged.
Everything else is walked. A place is remembered for a minute, and never by another worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest
from django.core import mail
from django.db import connection

from portal.kit import clock
from tenants.directory.models import DirectoryPerson
from tests.facecheck.conftest import PaperVision
from tests.recovery.rows_kept import KeptRows, Rows
from tests.vendors.hostile import Answers, HostileProvider

if TYPE_CHECKING:
    from tests.recovery.journey import Journey, Place

SECONDS = 60.0
# Set by fixtures for every test, and of no account for what a walk does.
SETTINGS = frozenset({"VISION_URL", "VISION_TOKEN"})
# What vision is told to play, and what it wrote down.
USUAL: dict[str, Any] = {
    "passed": True,
    "reasons": [],
    "confidence": 88,
    "quality": [],
    "broken": None,
    "busy_at_ticket": False,
    "waiting": False,
    "busy_at_clip": False,
}
WRITTEN = ("tickets", "judged", "pictures")
OF_VISION = {*USUAL, *WRITTEN, "server", "url"}
WRITTEN_BY_PARTNER = ("requests", "codes", "calls", "registrations", "published")


@dataclass(frozen=True)
class Held:
    """What is not in the database: of browser, wallet, mailbox, partner and vision."""

    cookies: Any
    last: Any
    wallet: tuple[Any, ...]
    mails: list[Any]
    partner: dict[str, Any]
    vision: dict[str, Any]

    @classmethod
    def of(cls, journey: Journey) -> Held:
        place, wallet = journey.place, journey.wallet
        return cls(
            deepcopy(journey.client.cookies),
            journey.last,
            (wallet.signer, list(wallet.credentials), wallet.notification_id, wallet.access_token),
            list(mail.outbox),
            {name: deepcopy(getattr(place.provider, name)) for name in WRITTEN_BY_PARTNER},
            {name: deepcopy(getattr(place.vision, name)) for name in WRITTEN},
        )

    def give(self, journey: Journey) -> None:
        journey.client.cookies, journey.last = deepcopy(self.cookies), self.last
        wallet = journey.wallet
        wallet.signer, wallet.credentials = self.wallet[0], list(self.wallet[1])
        wallet.notification_id, wallet.access_token = self.wallet[2:]
        mail.outbox[:] = self.mails
        for held, of in ((self.partner, journey.place.provider), (self.vision, journey.place.vision)):
            for name, value in held.items():
                setattr(of, name, deepcopy(value))

    def is_that_of(self, journey: Journey) -> bool:
        """Whether browser, wallet and mailbox hold what they did here."""
        wallet = journey.wallet
        return (
            _values(journey.client.cookies) == _values(self.cookies)
            and wallet.credentials == self.wallet[1]
            and len(mail.outbox) == len(self.mails)
        )


def _values(cookies: Any) -> dict[str, str]:
    return {name: cookie.value for name, cookie in cookies.items()}


@dataclass(frozen=True)
class Kept:
    """The end of a way: what it left, and what the walk answered where that is not the journey itself."""

    rows: KeptRows
    held: Held
    answered: Any = None


@dataclass
class Remembered:
    """A place, with the ways walked from it so far."""

    place: Place
    untouched: KeptRows
    portrait: bytes | None
    made_at: float = field(default_factory=time.monotonic)
    ada: tuple[DirectoryPerson, KeptRows] | None = None
    ways: dict[tuple[Any, ...], Kept] = field(default_factory=dict)

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.made_at < SECONDS


class WatchedPatch(pytest.MonkeyPatch):
    """Knows of every exchange that is in force, also of those inside `monkeypatch.context()`."""

    alive: WeakSet[WatchedPatch] = WeakSet()

    def __init__(self) -> None:
        super().__init__()
        self.alive.add(self)

    @classmethod
    def none_in_force(cls) -> bool:
        return not any(patch._setattr or patch._setitem for patch in cls.alive)


class Memory:
    """One for each worker, with a partner that stays where it is."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.provider = HostileProvider()
        self.at_first = dict(vars(self.provider))
        self.remembered: Remembered | None = None
        self.given = 0

    def partner(self) -> HostileProvider:
        """The partner as it is at first, whatever a test did with it."""
        self.provider.released.set()
        vars(self.provider).clear()
        vars(self.provider).update(self.at_first)
        self.provider.answers, self.provider.released = Answers(), threading.Event()
        for name in WRITTEN_BY_PARTNER:
            setattr(self.provider, name, deepcopy(self.at_first[name]))
        return self.provider

    def place(self, vision: PaperVision, make: Callable[[], Place], pristine: Callable[[], bool]) -> Place:
        """A place that nobody has touched."""
        if self.remembered is None or not self.remembered.is_fresh:
            place = make()
            untouched = self.rows.keep(place.tenant.id)
            self.remembered = Remembered(place, untouched, self.provider.answers.portrait)
        known = self.remembered
        self.rows.put_back(known.place.tenant.id, known.untouched)
        place = copy(known.place)
        place.tenant, place.profile, place.connection = (
            deepcopy(each) for each in (place.tenant, place.profile, place.connection)
        )
        place.vision, place.memory, place.is_pristine = vision, self, pristine
        self.provider.answers.portrait = known.portrait
        return place

    def ada(self, place: Place) -> DirectoryPerson:
        """The person that most tests are about."""
        known, tenant_id = self.remembered, place.tenant.id
        if known is None or self.rows.digests(tenant_id) != known.untouched.digests:
            return place.person()
        if known.ada is None:
            known.ada = (place.person(), self.rows.keep(tenant_id))
        else:
            self.rows.put_back(tenant_id, known.ada[1])
        return deepcopy(known.ada[0])

    # ---------------------------------------------------------------- ways

    def way_of(self, journey: Journey) -> tuple[Any, ...] | None:
        """The way this journey came, if it stands at its end and everything around it is as it was."""
        known = self.remembered
        if known is None or known.ada is None or not known.is_fresh or journey.way is None:
            return None
        if not _usual(journey, known.portrait) or not self._partner_is_itself(journey):
            return None
        end = known.ways.get(journey.way)
        held = end.held.is_that_of(journey) if end else _holds_nothing(journey)
        begins = end.rows if end else known.ada[1] if journey.way == () else None
        if not held or begins is None or self.rows.digests(journey.place.tenant.id) != begins.digests:
            return None
        return journey.way

    def _partner_is_itself(self, journey: Journey) -> bool:
        """Its keys are the first ones, and no method of it or of vision was put in another's place."""
        now, written = vars(self.provider), {*WRITTEN_BY_PARTNER, "answers", "released"}
        same = all(now[name] is first for name, first in self.at_first.items() if name not in written)
        return same and now.keys() == self.at_first.keys() and vars(journey.place.vision).keys() == OF_VISION

    def walk(self, journey: Journey, step: tuple[Any, ...], walk: Callable[[], Any]) -> Any:
        """Walk one step, or be given its end."""
        known, way = self.remembered, self.way_of(journey)
        if known is None or way is None:
            journey.way = None
            return walk()
        end = known.ways.get((*way, step))
        if end is not None:
            self.given += 1
            self.rows.put_back(journey.place.tenant.id, end.rows)
            end.held.give(journey)
            journey.way = (*way, step)
            return journey if end.answered is None else deepcopy(end.answered)
        answer = walk()
        answered = None if answer is journey else answer
        known.ways[(*way, step)] = Kept(self.rows.keep(journey.place.tenant.id), Held.of(journey), answered)
        journey.way = (*way, step)
        return answer


def _holds_nothing(journey: Journey) -> bool:
    return not (journey.client.cookies or journey.wallet.credentials or mail.outbox)


def _usual(journey: Journey, portrait: bytes | None) -> bool:
    """Whether all that could make a walk another one is as it is by default."""
    place = journey.place
    return (
        threading.current_thread() is threading.main_thread()
        and clock._frozen.get() is None
        and not connection.execute_wrappers
        and not connection.force_debug_cursor
        and {name: getattr(place.vision, name) for name in USUAL} == USUAL
        and place.provider.answers == Answers(portrait=portrait)
        and set(journey.client.defaults) == {"HTTP_HOST"}
        and place.is_pristine()
    )


@cache
def memory() -> Memory:
    """Of this worker; made by the first test that has a place."""
    return Memory()


def remembered(walk: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a journey whose end is remembered, for arguments that are plain words."""

    @wraps(walk)
    def stepped(self: Journey, *args: Any, **kwargs: Any) -> Any:
        of = self.place.memory
        words = (walk.__name__, *args, *sorted(kwargs.items()))
        if of is None or not all(isinstance(word, str) for word in args) or kwargs:
            self.way = None
            return walk(self, *args, **kwargs)
        return of.walk(self, words, lambda: walk(self, *args))

    return stepped
