"""A POST that comes again does nothing twice (draft-ietf-httpapi-idempotency-key-header).

Protects callers whose connection broke from doing a thing twice. The row of the key is inserted in the transaction that
does the work: a second request waits for the first at that row, and reads its answer. What failed left no row, and may be
sent again. What it does not do: remember for longer than a day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from portal.api.base import ApiView
from portal.api.models import StoredAnswer
from portal.api.problems import Problem
from portal.kit import clock
from portal.kit.codes import digest

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
_WORD = re.compile("[!-~]{1,100}")


@dataclass(frozen=True, slots=True)
class Done:
    """What a request came to. `headers` belong to the thing that was made or changed."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


Work = Callable[[], Done]


def _word(request: Request) -> str:
    word: str = request.headers.get(HEADER, "")
    if not word:
        raise Problem(
            400, "idempotency_key_missing", _("Send an Idempotency-Key, another one for each thing you want.")
        )
    if not _WORD.fullmatch(word):
        raise Problem(
            400, "idempotency_key_unusable", _("An Idempotency-Key has 1 to 100 printable characters.")
        )
    return word


def _digest(request: Request) -> bytes:
    body = json.dumps(request.data, sort_keys=True, ensure_ascii=False)
    return digest(f"{request.method} {request.path}\n{request.headers.get('If-Match', '')}\n{body}")


def once(view: ApiView, request: Request, work: Work) -> HttpResponse:
    """Does `work` in the open scope, unless it was done. Problem 422 for a key that was used for something else."""
    word, asked = _word(request), _digest(request)
    StoredAnswer.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    fresh = StoredAnswer(key=view.key.row, idempotency_key=word, request_digest=asked)
    # An insert that meets the other's row waits for its end; without a row afterwards the other came to nothing.
    StoredAnswer.objects.bulk_create([fresh], ignore_conflicts=True)
    row = StoredAnswer.objects.get(key=view.key.row, idempotency_key=word)
    if row.id != fresh.id:
        return _again(row, asked)
    done = work()
    row.status, row.headers, row.body = done.status, dict(done.headers), JSONRenderer().render(done.body)
    row.save(update_fields=["status", "headers", "body"])
    return _answer(row)


def _answer(row: StoredAnswer) -> HttpResponse:
    """The first time and every other time from what was kept, so that they are the same to the byte."""
    return HttpResponse(
        bytes(row.body), status=row.status, content_type="application/json", headers=dict(row.headers)
    )


def _again(row: StoredAnswer, asked: bytes) -> HttpResponse:
    if bytes(row.request_digest) != asked:
        sentence = _("This Idempotency-Key was used for another request. Choose another one.")
        raise Problem(422, "idempotency_key_reused", sentence)
    answer = _answer(row)
    answer["Idempotency-Replayed"] = "true"
    return answer
