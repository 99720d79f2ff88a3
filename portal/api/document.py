"""The OpenAPI document: made from the addresses themselves, so that it cannot say anything else than they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

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
stays. `RateLimit` says how much is left, `Retry-After` how long to wait. A list goes on with `next_cursor`. Every POST
needs an `Idempotency-Key`: within a day the same key and body get the same answer and do nothing twice."""
PROBLEMS = {
    400: "The request cannot be used as it is.",
    401: "No key, or none that works.",
    403: "The key may not do that.",
    406: "Something else than JSON was asked for.",
    429: "Too many requests.",
}
OF_THINGS = {404: "There is no such thing, or it is somebody else's."}
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
    examples: list[OpenApiExample] | None = None,
) -> Callable[[Handler], Handler]:
    """Says what a handler takes and answers."""
    problems = PROBLEMS | (OF_THINGS if names_one else {}) | (OF_WRITES if body else {})
    parameters: list[Any] = [query] if query else []
    if body:
        parameters.append(_idempotency_key())
    made: Callable[[Handler], Handler] = extend_schema(
        operation_id=operation,
        summary=summary,
        description=f"Needs the scope `{scope.value}`.",
        tags=[tag],
        parameters=parameters,
        request=body,
        examples=examples,
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
    )


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
