"""One question to one endpoint, over HTTP, with no transaction open."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from portal.kit import clock
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.http import send
from recovery.callouts import shape
from recovery.callouts.shape import Answer, Asking, Silence
from recovery.callouts.signing import SIGNATURE_HEADER, Signer, signature_of, token_for

MAX_ANSWER = 64_000
TEST_HEADER = "Readmit-Test"


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a try needs, read while the scope was open."""

    asking: Asking = field(repr=False)
    url: str
    audience: str
    issuer: str
    timeout: float
    signer: Signer
    secret: str = field(repr=False)
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a try. `answer` is None for silence, and `problem` says of which kind."""

    answer: Answer | None
    problem: str = ""
    worth_retrying: bool = False
    milliseconds: int = 0
    status: int = 0


def ask_endpoint(question: Question, *, token_id: str) -> Heard:
    """Never raises for what the other side does."""
    began = time.monotonic()
    status = 0
    try:
        body = shape.write_request(question.asking)
        reply = send(
            "POST",
            question.url,
            headers=_headers(question, body, token_id),
            body=body,
            timeout=question.timeout,
            max_bytes=MAX_ANSWER,
        )
        status = reply.status
        answer = shape.read_answer(
            reply.status,
            reply.headers.get("content-type", ""),
            reply.body,
            sent=tuple(question.asking.claims),
        )
    except Silence as silence:
        return Heard(None, silence.code, silence.worth_retrying, _since(began), status)
    except Unavailable as error:
        return Heard(None, error.code, error.code != "answer_too_large", _since(began))
    except Misconfigured as error:
        return Heard(None, error.code, False, _since(began))
    return Heard(answer, milliseconds=_since(began), status=status)


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _headers(question: Question, body: bytes, token_id: str) -> dict[str, str]:
    now = clock.now()
    token = token_for(
        question.signer,
        issuer=question.issuer,
        audience=question.audience,
        party=question.asking.tenant_id,
        token_id=token_id,
        body=body,
        now=now,
    )
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Accept": shape.MEDIA_TYPE,
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": question.asking.correlation,
    }
    if question.secret:
        headers[SIGNATURE_HEADER] = signature_of(question.secret, body, now)
    if question.is_test:
        headers[TEST_HEADER] = "true"
    return headers
