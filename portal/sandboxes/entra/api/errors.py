"""Refusals of the Request Service API in their documented shape."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from uuid import uuid4

# The outer code and its sentence follow from the status.
OUTER = {
    400: ("badRequest", "The request is invalid."),
    401: ("unauthorized", "The requested resource requires authentication"),
    403: ("forbidden", "Missing permissions to fulfill this request."),
    404: ("notFound", "The requested resource doesn't exist."),
    405: ("methodNotAllowed", "The requested method isn't allowed on the requested resource."),
    413: ("payloadTooLarge", "The payload is too large."),
    415: ("unsupportedMediaType", "The specified media type is unsupported."),
    429: ("tooManyRequests", "Too many requests have been made."),
    503: ("serviceUnavailable", "The service is unavailable."),
}


class ApiError(Exception):
    def __init__(
        self,
        status: int,
        code: str = "",
        message: str = "",
        target: str = "",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})
        self.inner = {"code": code, "message": message} | ({"target": target} if target else {})

    def body(self) -> dict[str, Any]:
        code, message = OUTER[self.status]
        error: dict[str, Any] = {"code": code, "message": message}
        if self.inner["code"]:
            error["innererror"] = self.inner
        return {
            "requestId": uuid4().hex,
            "date": formatdate(usegmt=True),
            "mscv": f"{secrets.token_urlsafe(12)[:16]}.1",
            "error": error,
        }


def bad_field(target: str, message: str) -> ApiError:
    return ApiError(400, "badOrMissingField", message, target)


def token_error(message: str) -> ApiError:
    return ApiError(401, "tokenError", message, "access_token")
