"""Refusals in Okta's documented shapes: of its API, and of its token endpoint (RFC 6749, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from django.http import HttpResponse, JsonResponse


class OktaError(Exception):
    def __init__(
        self, status: int, code: str, summary: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(summary)
        self.status, self.code, self.summary, self.headers = status, code, summary, dict(headers or {})

    def answer(self) -> HttpResponse:
        body = {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": f"oae{uuid4().hex[:20]}",
            "errorCauses": [],
        }
        return JsonResponse(body, status=self.status, headers=self.headers)


class TokenRefused(Exception):
    def __init__(
        self, status: int, error: str, text: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status, self.error, self.text, self.headers = status, error, text, dict(headers or {})

    def answer(self) -> HttpResponse:
        body = {"error": self.error, "error_description": self.text}
        return JsonResponse(body, status=self.status, headers=self.headers)


def invalid(summary: str) -> OktaError:
    return OktaError(400, "E0000001", f"Api validation failed: {summary}")


def not_found(what: str) -> OktaError:
    return OktaError(404, "E0000007", f"Not found: Resource not found: {what[:60]}")


def denied() -> OktaError:
    return OktaError(403, "E0000006", "You do not have permission to perform the requested action")


def unauthenticated(text: str, *, scheme: str = "DPoP") -> OktaError:
    headers = {"WWW-Authenticate": f'{scheme} error="invalid_token", error_description="{text}"'}
    return OktaError(401, "E0000011", "Invalid token provided", headers=headers)
