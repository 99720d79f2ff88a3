"""Asks the vision process. Foreign words end here: callers get dataclasses or one of three errors."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from .parts import encode_parts

Told = TypeVar("Told")

_MAX_ANSWER_BYTES = 8 * 1024 * 1024


class VisionError(Exception):
    """Base of the three."""


class VisionBusy(VisionError):
    """All places are taken: ask again after `retry_after` seconds. "One moment", never an error to a person."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"busy, retry after {retry_after} s")
        self.retry_after = retry_after


class VisionDown(VisionError):
    """The process does not answer, or not as agreed."""


class VisionRefused(VisionError):
    """What was sent cannot be judged. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Ticket:
    ticket: str
    state: str
    position: int
    retry_after: float

    @property
    def ready(self) -> bool:
        return self.state == "ready"


@dataclass(frozen=True)
class Comparison:
    confidence: int | None
    similarity: float | None
    calibration_version: str
    quality_reasons: tuple[str, ...]


@dataclass(frozen=True)
class Liveness:
    passed: bool
    reasons: tuple[str, ...]
    measures: dict[str, Any]
    probe: bytes = field(repr=False)
    comparison: Comparison | None


@dataclass(frozen=True)
class CutPortrait:
    fit: bool
    reasons: tuple[str, ...]
    measures: dict[str, float]
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True)
class Document:
    """`reading` is the document engine's own JSON."""

    reading: dict[str, Any] = field(repr=False)
    portrait: bytes = field(repr=False)


@dataclass(frozen=True)
class CloseUp:
    """`outcome` is the document engine's word; the portrait is empty unless it passed."""

    outcome: str
    retake_reasons: tuple[str, ...]
    portrait: bytes = field(repr=False)


@dataclass(frozen=True)
class VisionClient:
    url: str
    token: str = field(repr=False)
    timeout: float = 30.0

    def healthy(self) -> bool:
        try:
            return self._ask("GET", "/healthz") == {"state": "ready"}
        except VisionError:
            return False

    def take_ticket(self) -> Ticket:
        return _ticket(self._ask("POST", "/v1/tickets"))

    def look_at_ticket(self, ticket: str) -> Ticket:
        """Raises VisionRefused("ticket_unknown") when it was used or has expired."""
        return _ticket(self._ask("GET", "/v1/tickets/" + quote(ticket, safe="")))

    def check_liveness(
        self,
        clip: bytes,
        *,
        challenge: Mapping[str, Any],
        received_at: datetime,
        portrait: bytes | None = None,
        ticket: str | None = None,
    ) -> Liveness:
        """Judge a clip; with a portrait, also compare the best frame with it."""
        parts = {"clip": clip} | ({"portrait": portrait} if portrait else {})
        fields = {"challenge": dict(challenge), "received_at": received_at.isoformat()}
        told = self._send("/v1/liveness", fields, parts, ticket)
        return _understood(_liveness, told)

    def compare_faces(self, portrait: bytes, probe: bytes, *, ticket: str | None = None) -> Comparison:
        told = self._send("/v1/compare", {}, {"portrait": portrait, "probe": probe}, ticket)
        return _understood(lambda answer: _comparison(answer["comparison"]), told)

    def cut_portrait(self, image: bytes, *, ticket: str | None = None) -> CutPortrait:
        return _understood(_portrait, self._send("/v1/portrait", {}, {"image": image}, ticket))

    def read_document(
        self,
        image: bytes,
        *,
        today: date,
        accept_specimens: bool,
        other_side: bytes | None = None,
        ticket: str | None = None,
    ) -> Document:
        """`other_side` is the front of a card whose zone is on its back."""
        fields = {"today": today.isoformat(), "accept_specimens": accept_specimens}
        parts = {"image": image} | ({"other_side": other_side} if other_side else {})
        told = self._send("/v1/document", fields, parts, ticket)
        return _understood(lambda answer: Document(dict(answer["reading"]), _bytes(answer["portrait"])), told)

    def read_close_up(self, image: bytes, *, small_portrait: bytes, ticket: str | None = None) -> CloseUp:
        """A document's portrait photographed again from near by; `small_portrait` is the one read_document found."""
        parts = {"image": image, "small_portrait": small_portrait}
        return _understood(_close_up, self._send("/v1/document/portrait", {}, parts, ticket))

    def _send(
        self, path: str, fields: Mapping[str, Any], parts: Mapping[str, bytes], ticket: str | None
    ) -> dict[str, Any]:
        return self._ask("POST", path, encode_parts(fields, parts), {"X-Ticket": ticket} if ticket else {})

    def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        address = urlsplit(self.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self.timeout)
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            answer = json.loads(response.read(_MAX_ANSWER_BYTES))
            if not isinstance(answer, dict):
                raise VisionDown("not an object")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise VisionDown(type(error).__name__) from error
        finally:
            connection.close()
        return _accepted(response.status, answer)


def _accepted(status: int, answer: dict[str, Any]) -> dict[str, Any]:
    if status == 200:
        return answer
    code = str(answer.get("error", ""))
    if status == 429:
        wait = answer.get("retry_after_ms", 1000)
        raise VisionBusy(wait / 1000 if isinstance(wait, int | float) else 1.0)
    if status in (400, 404, 413, 422):
        raise VisionRefused(code)
    raise VisionDown(code or str(status))


def _understood(read: Callable[[dict[str, Any]], Told], answer: dict[str, Any]) -> Told:
    """What was read from the answer; an answer of another shape means the process is not the one we know."""
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VisionDown("answer_malformed") from error


def _liveness(answer: dict[str, Any]) -> Liveness:
    judged = answer["liveness"]
    return Liveness(
        passed=judged["passed"] is True,
        reasons=tuple(str(reason) for reason in judged["reasons"]),
        measures=dict(judged["measures"]),
        probe=_bytes(answer["probe"]),
        comparison=_comparison(answer["comparison"]) if answer["comparison"] else None,
    )


def _comparison(told: dict[str, Any]) -> Comparison:
    confidence, similarity = told["confidence"], told["similarity"]
    return Comparison(
        confidence=None if confidence is None else int(confidence),
        similarity=None if similarity is None else float(similarity),
        calibration_version=str(told["calibration_version"]),
        quality_reasons=tuple(str(reason) for reason in told["quality_reasons"]),
    )


def _portrait(answer: dict[str, Any]) -> CutPortrait:
    return CutPortrait(
        fit=answer["fit"] is True,
        reasons=tuple(str(reason) for reason in answer["reasons"]),
        measures={str(name): float(value) for name, value in answer["measures"].items()},
        jpeg=_bytes(answer["portrait"]),
    )


def _close_up(answer: dict[str, Any]) -> CloseUp:
    reasons = tuple(str(reason) for reason in answer["retake_reasons"])
    return CloseUp(str(answer["outcome"]), reasons, _bytes(answer["portrait"]))


def _ticket(answer: dict[str, Any]) -> Ticket:
    return _understood(
        lambda told: Ticket(
            str(told["ticket"]), str(told["state"]), int(told["position"]), int(told["retry_after_ms"]) / 1000
        ),
        answer,
    )


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
