"""Turns our errors into pages: the sentence to the person, the code to the log (STYLE 21)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from portal.errors import error_page
from portal.kit.errors import ReadmitError, TooMany

log = logging.getLogger("readmit.refusal")


class ErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ReadmitError):
            return None
        log.info(
            "%s %s %s", error.code, request.resolver_match and request.resolver_match.view_name, error.detail
        )
        retry_after = error.retry_after if isinstance(error, TooMany) else 0
        response = error_page(request, error.status, error.sentence, retry_after)
        if retry_after:
            response.headers["Retry-After"] = str(retry_after)
        return response
