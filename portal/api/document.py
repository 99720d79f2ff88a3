"""The OpenAPI document: made from the addresses themselves, so that it cannot say anything else than they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from portal.api.problems import MEDIA_TYPE
from portal.api.scopes import Scope
from portal.api.shapes import ProblemShape
from portal.kit.origins import site_url

Handler = TypeVar("Handler", bound=Callable[..., Any])
Shape = type[serializers.Serializer[Any]]

TITLE = "Readmit API"
DESCRIPTION = """Usage, invoices and budgets of one organisation, for scripts. There is no personal data here: a person appears as
the reference of a case.

Send a key of your organisation as `Authorization: Bearer rdm_…`. Every error is an RFC 9457 problem with a `code` that
stays. A method that an address does not have is answered 405 with `Allow`. `RateLimit` says how much is left, `Retry-After` how long to wait. A list goes on with `next_cursor`. Every POST
needs an `Idempotency-Key`: within a day the same key and body get the same answer and do nothing twice."""
TAG = ("ETag", "Of this state of it; changes when somebody changed it. For `If-Match`.")
LOCATION = ("Location", "Where it is read and changed from now on.")
REPLAYED = ("Idempotency-Replayed", "`true` where this is the answer to an earlier request.")
PROBLEMS = {
    400: "The request cannot be used as it is.",
    401: "No key, or none that works.",
    403: "The key may not do that.",
    406: "Something else than JSON was asked for.",
    429: "Too many requests.",
}
OF_THINGS = {404: "There is no such thing, or it is somebody else's."}
OF_CONDITIONS = {412: "It is not as `If-Match` says."}
OF_WRITES = {
    409: "It was changed meanwhile.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What was sent is understood and refused, or the idempotency key was used for something else.",
}
EXAMPLE = {
    "type": "urn:readmit:problem:cursor_unusable",
    "title": "Bad Request",
    "status": 400,
    "detail": "This cursor belongs to another list or was changed. Begin without one.",
    "code": "cursor_unusable",
    "request_id": "req_4t1m0zk9x3w7p5a8b2cd",
}


class Described(AutoSchema):
    """Only what `describe` says: nothing is guessed from names."""

    global_params: tuple[OpenApiParameter, ...] = ()

    def get_auth(self) -> list[dict[str, Any]]:
        scope = getattr(self.view, "needs", {}).get(self.method)
        return [{"key": []}] if scope else [{}]


def describe(
    operation: str,
    summary: str,
    *,
    answer: Shape,
    tag: str,
    scope: Scope,
    query: Shape | None = None,
    body: Shape | None = None,
    status: int = 200,
    names_one: bool = False,
    is_conditional: bool = False,
    headers: Sequence[tuple[str, str]] = (),
) -> Callable[[Handler], Handler]:
    """Says what a handler takes and answers. `headers` are of the good answer, beside those that every answer has."""
    problems = PROBLEMS | (OF_THINGS if names_one else {}) | (OF_WRITES if body else {})
    problems |= OF_CONDITIONS if is_conditional else {}
    parameters: list[Any] = [query] if query else []
    parameters += [_idempotency_key()] if body else []
    parameters += [_if_match()] if is_conditional else []
    parameters += [_header(*each, at=[status]) for each in (*headers, *([REPLAYED] if body else []))]
    parameters += _headers_of_all([status, *problems])
    made: Callable[[Handler], Handler] = extend_schema(
        operation_id=operation,
        summary=summary,
        description=f"Needs the scope `{scope.value}`.",
        tags=[tag],
        parameters=parameters,
        request=body,
        responses={
            status: answer,
            **{(code, MEDIA_TYPE): _problem(words) for code, words in problems.items()},
        },
    )
    return made


def _problem(words: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemShape, words)


def _idempotency_key() -> OpenApiParameter:
    return OpenApiParameter(
        "Idempotency-Key",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        required=True,
        pattern="^[!-~]{1,100}$",
        description="Any word of yours, 1 to 100 characters; another one for each thing you want done.",
        examples=[OpenApiExample("A word", value="budget-2026-11")],
    )


def _if_match() -> OpenApiParameter:
    return OpenApiParameter(
        "If-Match",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="The `ETag` that was read: nothing is done where somebody changed it since.",
    )


def _header(name: str, words: str, *, at: list[int], is_always: bool = False) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        response=cast(Any, at),
        required=is_always,
        description=words,
    )


def _headers_of_all(statuses: Sequence[int]) -> list[OpenApiParameter]:
    counted = [status for status in statuses if status not in (401, 429)]
    return [
        _header("X-Request-Id", "Names the request, for questions about it.", at=[*statuses], is_always=True),
        _header("RateLimit", "What is left, and in how many seconds it is whole again.", at=counted),
        _header("RateLimit-Policy", "How many requests in how many seconds.", at=counted),
        _header("WWW-Authenticate", "RFC 6750.", at=[401], is_always=True),
        _header("Retry-After", "Seconds to wait.", at=[429], is_always=True),
    ]


def _generator() -> Any:
    untyped: Any = SchemaGenerator
    return untyped(urlconf="portal.api.urls")


@cache
def document() -> dict[str, Any]:
    """The whole document. The same for everybody: there is no secret and no organisation in it."""
    made: dict[str, Any] = _generator().get_schema(request=None, public=True)
    return made


def complete(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Says where it is served and how a key is sent. (A hook of the generator's.)"""
    result["info"] |= {"title": TITLE, "description": DESCRIPTION}
    result["servers"] = [{"url": site_url("/api/v1")}]
    schemes = result.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["key"] = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "rdm_…",
        "description": "A key of your organisation, made in the console under Organisation, API.",
    }
    result["components"]["schemas"]["Problem"]["examples"] = [EXAMPLE]
    for name in ("NewBudget", "BudgetChange"):
        result["components"]["schemas"][name]["additionalProperties"] = False
    return result
