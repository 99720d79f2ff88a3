"""What each address does: request parts in, JSON out. Runs on an engine thread; knows nothing of HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from ..engine.comparison import FaceComparison, compare_faces
from ..engine.detection import find_faces
from ..engine.errors import EngineError
from ..engine.liveness.challenge import Challenge
from ..engine.liveness.clip import read_clip
from ..engine.liveness.decision import check_liveness
from ..engine.models import models
from ..engine.portraits import CAPTURE_GATE, Portrait, cut_portrait
from .documents import close_up_reader, document_reader
from .parts import Parts

Answer = dict[str, Any]
Endpoint = Callable[[Parts], Answer]


def judge_clip(sent: Parts) -> Answer:
    """Liveness, and if a portrait came along, the comparison of the clip's best frame with it."""
    challenge = Challenge.from_json(sent.fields.get("challenge"))
    clip = read_clip(sent.part("clip"))
    decision = check_liveness(clip, challenge=challenge, now=_received_at(sent))
    answer: Answer = {"liveness": decision.to_json(), "comparison": None, "probe": _text(decision.probe)}
    portrait = sent.parts.get("portrait")
    if decision.passed and portrait:
        answer["comparison"] = _comparison(compare_faces(portrait, decision.probe))
    return answer


def compare(sent: Parts) -> Answer:
    return {"comparison": _comparison(compare_faces(sent.part("portrait"), sent.part("probe")))}


def cut(sent: Parts) -> Answer:
    portrait: Portrait = cut_portrait(sent.part("image"), gate=CAPTURE_GATE)
    return {
        "fit": portrait.fit,
        "reasons": list(portrait.reasons),
        "measures": portrait.measures,
        "portrait": _text(portrait.jpeg),
    }


def read_close_up(sent: Parts) -> Answer:
    """The portrait of a document, photographed from near by because the one on the page was too small."""
    closer = close_up_reader()(sent.part("image"), small_portrait=sent.part("small_portrait"))
    return {
        "outcome": str(closer.outcome),
        "retake_reasons": list(closer.retake_reasons),
        "portrait": _text(closer.portrait_jpeg),
    }


def read(sent: Parts) -> Answer:
    today = sent.fields.get("today")
    reading = document_reader()(
        sent.part("image"),
        today=date.fromisoformat(today) if isinstance(today, str) else datetime.now(UTC).date(),
        accept_specimens=sent.fields.get("accept_specimens") is True,
        other_side=sent.parts.get("other_side"),
    )
    return {"reading": reading.to_json(), "portrait": _text(reading.portrait_jpeg or b"")}


ENDPOINTS: dict[str, Endpoint] = {
    "/v1/liveness": judge_clip,
    "/v1/compare": compare,
    "/v1/portrait": cut,
    "/v1/document": read,
    "/v1/document/portrait": read_close_up,
}


def warm_up() -> None:
    """Load this thread's models and run each once, so that the first person does not wait for it."""
    grey = np.full((240, 320, 3), 127, np.uint8)
    find_faces(grey)
    networks = models()
    networks.recogniser.feature(np.ascontiguousarray(grey[:112, :112]))
    networks.mesh.setInput(np.zeros((1, 3, 192, 192), np.float32))
    networks.mesh.forward()


def _comparison(compared: FaceComparison) -> Answer:
    return asdict(compared) | {"quality_reasons": list(compared.quality_reasons)}


def _received_at(sent: Parts) -> datetime:
    """When the clip reached us: the caller's clock, since it may have waited for a place in line."""
    told = sent.fields.get("received_at")
    if told is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(told)
    except (TypeError, ValueError) as error:
        raise EngineError("received_at_malformed") from error
    if moment.tzinfo is None:
        raise EngineError("received_at_malformed")
    return moment


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def to_bytes(answer: Answer) -> bytes:
    return json.dumps(answer, separators=(",", ":"), default=str).encode()
