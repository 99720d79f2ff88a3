"""A key of ours in a line of a log is a key no more."""

from __future__ import annotations

import logging
import sys

from django.test import RequestFactory

from portal.api.keys import new_key
from portal.kit.redaction import RedactingFormatter, ReportFilter


def test_a_key_is_blanked_in_message_and_traceback():
    key = new_key().text
    try:
        raise ValueError(f"cannot use {key}")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "Not Found: /api/v1/%s", (key,), error)
    line = RedactingFormatter("%(message)s").format(record)
    assert key not in line and key[16:] not in line and line.count("rdm_") == 2


def test_every_line_the_product_writes_goes_through_it(settings):
    assert settings.LOGGING["formatters"]["line"]["()"] == "portal.kit.redaction.RedactingFormatter"
    assert settings.DEFAULT_EXCEPTION_REPORTER_FILTER == "portal.kit.redaction.ReportFilter"


def test_a_report_of_an_error_has_no_authorization():
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {new_key().text}"})
    assert (
        ReportFilter().get_safe_request_meta(request)["HTTP_AUTHORIZATION"]
        == ReportFilter.cleansed_substitute
    )
