"""Every error of the API as problem details (RFC 9457), with words of our own.

Protects callers from guessing: one shape for whatever went wrong, a `code` that stays, and the id of the request to ask
about. What it does not do: say more than a page would; what we found and expected goes to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from portal.kit.errors import Invalid, NotAllowed, NotHere, ReadmitError, TooMany

log = logging.getLogger("readmit.api")
MEDIA_TYPE = "application/problem+json"


class Problem(ReadmitError):
    """An error that the API itself finds. `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(code, sentence)
        self.status = status
        self.headers = dict(headers or {})
        self.errors = errors or []


def _sentences() -> dict[int, str]:
    return {
        400: _("The request cannot be used as it is."),
        403: _("This key may not do that."),
        404: _("There is nothing here."),
        405: _("This method does nothing here."),
        406: _("The answers are JSON: accept application/json."),
        409: _("This was changed meanwhile."),
        413: _("The body is too large."),
        415: _("Send the body as application/json."),
        429: _("Too many requests. Wait for as long as Retry-After says."),
        500: _("Something went wrong on our side. It is written down under this request's id."),
        503: _("This does not answer at the moment. Try again later."),
    }


# What Django and the framework raise, as (status, code). Their own texts are never shown.
FOREIGN: dict[type[Exception], tuple[int, str]] = {
    Http404: (404, "not_found"),
    exceptions.NotFound: (404, "not_found"),
    PermissionDenied: (403, "not_allowed"),
    exceptions.PermissionDenied: (403, "not_allowed"),
    exceptions.MethodNotAllowed: (405, "method_not_allowed"),
    exceptions.NotAcceptable: (406, "not_acceptable"),
    exceptions.UnsupportedMediaType: (415, "media_type_unsupported"),
    exceptions.ParseError: (400, "not_json"),
    RequestDataTooBig: (413, "too_large"),
    SuspiciousOperation: (400, "request_unusable"),
}


# What would have been taken (RFC 9110, 15.5.16).
HINTS: dict[int, dict[str, str]] = {415: {"Accept": "application/json"}}


def _of_validation(error: exceptions.ValidationError) -> Problem:
    errors = list(_flat("", error.detail))
    sentence = _("Some of what was sent cannot be used: errors names each.")
    return Problem(400, "parameters_unusable", sentence, errors=errors)


def _flat(name: str, detail: Any) -> list[dict[str, str]]:
    if isinstance(detail, Mapping):
        return [
            one
            for key, value in detail.items()
            for one in _flat(f"{name}.{key}" if name else str(key), value)
        ]
    if isinstance(detail, list):
        return [one for value in detail for one in _flat(name, value)]
    return [{"name": name, "detail": str(detail)}]


def _of_ours(error: ReadmitError) -> Problem:
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    named = isinstance(error, Invalid) and error.field
    errors = [{"name": named, "detail": error.sentence}] if isinstance(named, str) and named else []
    known = (NotHere, NotAllowed, TooMany)
    code = {NotHere: "not_found", NotAllowed: "not_allowed", TooMany: "too_many_requests"}.get(
        type(error), error.code
    )
    status = 422 if isinstance(error, Invalid) else error.status
    sentence = "" if isinstance(error, known) else error.sentence
    return Problem(status, code, sentence, headers=headers, errors=errors)


def problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, ReadmitError):
        return _of_ours(error)
    if isinstance(error, exceptions.ValidationError):
        return _of_validation(error)
    for kind, (status, code) in FOREIGN.items():
        if isinstance(error, kind):
            return Problem(status, code, "", headers=HINTS.get(status))
    return Problem(500, "server_error", "")


def body_of(problem: Problem, request_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:readmit:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.sentence or _sentences().get(problem.status, _sentences()[400]),
        "code": problem.code,
        "request_id": request_id,
    }
    return {**body, "errors": problem.errors} if problem.errors else body


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """The framework's EXCEPTION_HANDLER. An error that nobody expected is logged with its traceback."""
    problem = problem_of(error)
    request_id = getattr(context["view"], "request_id", "")
    told: Callable[..., None] = log.exception if problem.status == 500 else log.info
    detail = error.detail if isinstance(error, ReadmitError) else {}
    told("%s %s %s %s", problem.code, request_id, type(context["view"]).__name__, detail)
    response = Response(
        body_of(problem, request_id), problem.status, headers=problem.headers, content_type=MEDIA_TYPE
    )
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response
