"""Errors as the API words them: a type, a code, the parameter, a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.stripe.com/error-codes#"


@dataclass
class ApiError(Exception):
    """`extra` is what only some errors carry: the intent behind a decline, for example. `keeps` says that what was
    changed up to here stays: a declined payment has been tried."""

    message: str
    code: str = ""
    param: str = ""
    status: int = 400
    type: str = "invalid_request_error"
    extra: dict[str, Any] = field(default_factory=dict)
    keeps: bool = False

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {"message": self.message, "type": self.type, **self.extra}
        if self.code:
            found |= {"code": self.code, "doc_url": DOCUMENTATION + self.code.replace("_", "-")}
        if self.param:
            found["param"] = self.param
        return {"error": found}


def missing(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", "parameter_missing", param)


def unknown(param: str) -> ApiError:
    return ApiError(f"Received unknown parameter: {param}", "parameter_unknown", param)


def no_such(word: str, identifier: str, param: str) -> ApiError:
    status = 404 if param == "id" else 400
    return ApiError(f"No such {word}: '{identifier}'", "resource_missing", param, status)


def refused(message: str, code: str = "", param: str = "") -> ApiError:
    return ApiError(message, code, param)
