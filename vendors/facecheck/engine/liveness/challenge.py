"""What the server asks of whoever stands before the camera.

The order of colours and the sides are drawn anew for each attempt, so that nothing recorded earlier fits. Colours
change 2.5 times a second, below the three flashes a second of WCAG 2.3.1; whoever cannot bear flashes gets a longer
order of head turns instead.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from ..errors import ChallengeRefused

Random = Callable[[int], bytes]
Kind = Literal["still", "colour", "turn"]
Rgb = tuple[int, int, int]

VERSION = 1
LIFETIME = timedelta(minutes=3)

COLOURS: dict[str, Rgb] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "yellow": (255, 255, 0),
    "black": (0, 0, 0),
}
SIDES = ("left", "right")

COLOUR_COUNT = 8
DISTINCT_COLOURS = 5
COLOUR_MS = 400
COLOUR_EVERY_MS = 100
POSE_EVERY_MS = 200
STILL_MS = 900
TURN_MS = 3000
STILL_TURNS = 5
_MAX_PHASES = 24


@dataclass(frozen=True)
class Phase:
    """One thing asked: hold still, be lit by a colour, or turn to a side. A frame is wanted every `every_ms`."""

    kind: Kind
    duration_ms: int
    every_ms: int
    colour: str = ""
    side: str = ""

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": self.kind, "duration_ms": self.duration_ms, "every_ms": self.every_ms}
        if self.colour:
            told |= {"colour": self.colour, "rgb": list(COLOURS[self.colour])}
        if self.side:
            told["side"] = self.side
        return told


@dataclass(frozen=True)
class Challenge:
    """What was asked, when, and until when an answer counts. Whoever keeps it lets it be answered once."""

    nonce: str
    phases: tuple[Phase, ...]
    issued_at: datetime
    expires_at: datetime

    @property
    def flashing(self) -> bool:
        return any(phase.kind == "colour" for phase in self.phases)

    @property
    def duration_ms(self) -> int:
        return sum(phase.duration_ms for phase in self.phases)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "nonce": self.nonce,
            "flashing": self.flashing,
            "phases": [phase.to_json() for phase in self.phases],
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Any) -> Challenge:
        """Read back what `to_json` gave. Anything else raises ChallengeRefused."""
        try:
            if stored["version"] != VERSION:
                raise ChallengeRefused("challenge_version")
            challenge = cls(
                nonce=_text(stored["nonce"]),
                phases=tuple(_phase_from_json(phase) for phase in stored["phases"]),
                issued_at=_moment(stored["issued_at"]),
                expires_at=_moment(stored["expires_at"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ChallengeRefused("challenge_malformed", type(error).__name__) from error
        if stored.get("flashing", challenge.flashing) is not challenge.flashing:
            raise ChallengeRefused("challenge_malformed", "flashing")
        _refuse_weak(challenge)
        return challenge


def make_challenge(*, random: Random, now: datetime, flashing: bool = True) -> Challenge:
    """Draw a challenge. `random` gives that many unpredictable bytes (`secrets.token_bytes`)."""
    phases = _flashing_phases(random) if flashing else _turning_phases(random)
    nonce = base64.urlsafe_b64encode(random(18)).decode()
    return Challenge(nonce, phases, now, now + LIFETIME)


def draw_colours(random: Random) -> tuple[str, ...]:
    """Eight colours, none twice in a row, at least five different."""
    names = tuple(COLOURS)
    while True:
        drawn: list[str] = []
        while len(drawn) < COLOUR_COUNT:
            name = names[_below(len(names), random)]
            if not drawn or drawn[-1] != name:
                drawn.append(name)
        if len(set(drawn)) >= DISTINCT_COLOURS:
            return tuple(drawn)


def _flashing_phases(random: Random) -> tuple[Phase, ...]:
    flashes = [Phase("colour", COLOUR_MS, COLOUR_EVERY_MS, colour=name) for name in draw_colours(random)]
    return (_still(STILL_MS), *flashes, _turn(TURN_MS, random))


def _turning_phases(random: Random) -> tuple[Phase, ...]:
    """Five turns with pauses of unforeseeable length: a recording of turns would have to guess sides and times.

    The sides alone are five bits; the times are the rest, so they are spread widely.
    A pause gives the head time to come back before the next turn; after the last there is nothing to come back for."""
    phases = [_still(STILL_MS)]
    for number in range(STILL_TURNS):
        if number:
            phases.append(_still(1800 + 100 * _below(15, random)))
        phases.append(_turn(2200 + 100 * _below(11, random), random))
    return tuple(phases)


def _still(duration_ms: int) -> Phase:
    return Phase("still", duration_ms, POSE_EVERY_MS)


def _turn(duration_ms: int, random: Random) -> Phase:
    return Phase("turn", duration_ms, POSE_EVERY_MS, side=SIDES[_below(2, random)])


def _below(bound: int, random: Random) -> int:
    """A number below `bound`, each equally likely."""
    limit = 256 - 256 % bound
    while True:
        drawn = random(1)[0]
        if drawn < limit:
            return drawn % bound


def _phase_from_json(stored: Any) -> Phase:
    kind, colour, side = stored["kind"], stored.get("colour", ""), stored.get("side", "")
    well_formed = (
        (kind == "still" and not colour and not side)
        or (kind == "colour" and colour in COLOURS and not side)
        or (kind == "turn" and side in SIDES and not colour)
    )
    # What the screen showed: the light is judged by the colour's name.
    well_formed &= not colour or stored.get("rgb", list(COLOURS[colour])) == list(COLOURS[colour])
    duration, every = _whole(stored["duration_ms"]), _whole(stored["every_ms"])
    if not well_formed or not 100 <= duration <= 10_000 or not 50 <= every <= 1000:
        raise ChallengeRefused("challenge_malformed", "phase")
    return Phase(kind, duration, every, colour, side)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ChallengeRefused("challenge_malformed", "a time without a zone")
    if not 2000 < moment.year < 3000:
        raise ChallengeRefused("challenge_malformed", "a time out of bounds")
    return moment.astimezone(UTC)


def _refuse_weak(challenge: Challenge) -> None:
    """A challenge that asks for little would be passed by little."""
    colours = [phase.colour for phase in challenge.phases if phase.kind == "colour"]
    turns = sum(phase.kind == "turn" for phase in challenge.phases)
    strong = (
        (len(colours) >= COLOUR_COUNT and len(set(colours)) >= DISTINCT_COLOURS and turns >= 1)
        if colours
        else turns >= STILL_TURNS
    )
    changing = all(before != after for before, after in pairwise(colours))
    begins_still = bool(challenge.phases) and challenge.phases[0].kind == "still"
    if (
        not strong
        or not changing
        or not begins_still
        or len(challenge.phases) > _MAX_PHASES
        or not _is_nonce(challenge.nonce)
    ):
        raise ChallengeRefused("challenge_weak")


def _is_nonce(text: str) -> bool:
    return 16 <= len(text) <= 64 and text.isascii()
