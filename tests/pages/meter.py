"""Counts what each request costs: database statements and seconds of server time, by host and route.

Kept is whatever is sent to the database; counted is all of it but BEGIN and COMMIT (`queries_of`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.handlers.base import BaseHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext


@dataclass
class Cost:
    """All requests of one kind. Seconds are of the answer alone, without the statements being counted."""

    statements: list[list[str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    @property
    def worst(self) -> list[str]:
        return max(self.statements, key=lambda statements: len(queries_of(statements)))


def queries_of(statements: list[str]) -> list[str]:
    """What is counted: everything but BEGIN and COMMIT, which ask nothing."""
    return [text for text in statements if text not in {"BEGIN", "COMMIT", "ROLLBACK"}]


def name_of(request: HttpRequest) -> str:
    """`tenant POST /recover/who`; with the names of a query, and of htmx where it asks."""
    match = request.resolver_match
    route = match.route if match else request.path
    query = f"?{'&'.join(sorted(request.GET))}" if request.GET else ""
    htmx = " (htmx)" if request.headers.get("HX-Request") else ""
    return f"{getattr(request, 'host_kind', 'none')} {request.method} /{route}{query}{htmx}"


class Meter:
    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}

    def note(self, request: HttpRequest, answer: HttpResponse, seconds: float, statements: list[str]) -> None:
        cost = self.costs.setdefault(name_of(request), Cost())
        cost.seconds.append(seconds)
        cost.statements.append(statements)
        cost.statuses.add(answer.status_code)

    def routes(self) -> set[str]:
        """`tenant /recover/who` of everything that was asked for, whatever the method and the query."""
        found = set()
        for name in self.costs:
            kind, _method, path = name.removesuffix(" (htmx)").split(" ", 2)
            found.add(f"{kind} {path.partition('?')[0]}")
        return found


@contextmanager
def metering(meter: Meter) -> Iterator[Meter]:
    """Meters every request that this thread's test clients make inside the block."""
    inner: Callable[[Any, HttpRequest], HttpResponse] = BaseHandler.get_response

    def measured(handler: Any, request: HttpRequest) -> HttpResponse:
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            answer = inner(handler, request)
            seconds = time.perf_counter() - began
        meter.note(request, answer, seconds, [query["sql"] for query in queries.captured_queries])
        return answer

    BaseHandler.get_response = measured  # type: ignore[method-assign]
    try:
        yield meter
    finally:
        BaseHandler.get_response = inner  # type: ignore[method-assign]
