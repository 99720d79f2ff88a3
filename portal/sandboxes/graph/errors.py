"""Refusals of Microsoft Graph in their documented shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse


class GraphError(Exception):
    """`headers` go with the answer: Retry-After, Location, WWW-Authenticate."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def answer(self, request: HttpRequest) -> HttpResponse:
        body: dict[str, Any] = {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
                    "request-id": str(uuid4()),
                    "client-request-id": request.headers.get("client-request-id", str(uuid4())),
                },
            }
        }
        return JsonResponse(body, status=self.status, headers=self.headers)


def bad_query(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def denied() -> GraphError:
    """The service does not say which permission it misses."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def unauthenticated(message: str) -> GraphError:
    headers = {"WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/"'}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=headers)


def sync_state_lost(status: int, fresh: str) -> GraphError:
    """Both statuses are met: 410 with the address of a new round, and 400 without."""
    headers = {"Location": fresh} if status == 410 else {}
    return GraphError(status, "syncStateNotFound", "The sync state generation is not found.", headers=headers)
