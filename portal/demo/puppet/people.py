"""Puppets: simulated people for tests and the walk. They stand outside the product; no switch in it knows of them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from vendors.facecheck.engine.detection import find_faces
from vendors.facecheck.engine.images import decode_image, encode_jpeg
from vendors.facecheck.engine.liveness.challenge import COLOURS, Challenge
from vendors.facecheck.engine.liveness.clip import Clip
from vendors.facecheck.engine.portraits import crop_portrait

from .footage import IDENTITIES, portrait_of, scenes_of
from .performance import NEUTRAL, TURN_DEGREES, Act, Stage, perform
from .scene import HEIGHT, WIDTH, Light

TURN_STEP = 4
_SCRIPT = Path(__file__).with_name("camera.js")


class Browser(Protocol):
    """The part of Playwright's BrowserContext that a puppet needs."""

    def expose_function(self, name: str, callback: Any) -> Any: ...

    def add_init_script(self, script: str | None = None, *, path: str | Path | None = None) -> Any: ...


@dataclass
class Puppet:
    """One simulated person. `act` makes it an attacker: see performance.py.

    >>> puppet = Puppet("franck"); puppet.install(context); puppet.show_document(jpeg)
    """

    identity: str
    act: Act = "live"
    light: Light = field(default_factory=Light)
    _document: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.identity not in IDENTITIES:
            raise ValueError(f"no puppet {self.identity}; there are {', '.join(IDENTITIES)}")

    def install(self, context: Browser) -> None:
        """Sit down before every camera this browser context opens: the face in front, a document behind."""
        context.expose_function("readmitPuppetAssets", self._assets)
        context.add_init_script(path=_SCRIPT)

    def show_document(self, image: bytes) -> None:
        """What the rear camera sees from its next opening on."""
        self._document = encode_jpeg(decode_image(image), quality=92)

    def portrait(self) -> bytes:
        """A picture of this person from another moment, cut as for a document."""
        pixels = portrait_of(self.identity)
        return crop_portrait(pixels, find_faces(pixels)[0])

    def answers(self, challenge: Challenge, *, seed: int = 0, other: Challenge | None = None) -> Clip:
        """The clip of this person doing what `act` says, without a browser."""
        return perform(_stage(self.identity, self.light), challenge, act=self.act, seed=seed, other=other)

    def _assets(self, facing: str) -> str:
        """What stands before the camera that is opened: the document behind, else the face."""
        if facing == "environment" and self._document:
            return json.dumps(
                {"lit": {}, "turned": {}, "document": base64.b64encode(self._document).decode()}
            )
        return json.dumps(_pictures(self.identity, self.light) | {"act": self.act, "document": ""})


@cache
def _stage(identity: str, light: Light) -> Stage:
    return Stage(scenes_of(identity), light)


@cache
def _pictures(identity: str, light: Light) -> dict[str, Any]:
    """Every picture the page may need: the person lit by each colour, and turned by each angle."""
    stage = _stage(identity, light)
    colours = [*COLOURS.values(), NEUTRAL]
    count = max(len(stage.scenes), 1)
    steps = range(TURN_STEP, int(TURN_DEGREES) // TURN_STEP * TURN_STEP + 1, TURN_STEP)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "step": TURN_STEP,
        "degrees": steps[-1],
        "lit": {
            ",".join(map(str, colour)): [_base64(stage, number, colour, 0) for number in range(count)]
            for colour in colours
        },
        "turned": {
            str(sign * degrees): _base64(stage, 0, NEUTRAL, sign * degrees)
            for degrees in steps
            for sign in (1, -1)
        },
    }


def _base64(stage: Stage, number: int, colour: tuple[int, int, int], degrees: float) -> str:
    return base64.b64encode(encode_jpeg(stage.view(number, colour, degrees), quality=90)).decode()
