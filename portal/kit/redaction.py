"""Keys of ours never reach a log or a report of an error.

Protects organisations from keys that somebody put into an address or a header and that a log would keep: whatever looks
like one is blanked as the line is written, in tracebacks too. What it does not do: know other people's secrets.
"""

from __future__ import annotations

import logging
import re

from django.views.debug import SafeExceptionReporterFilter

_KEY = re.compile("(rd[ms]_[0-9a-z]{4})[0-9a-z]{8,}", re.IGNORECASE)


def without_keys(text: str) -> str:
    return _KEY.sub(r"\1…", text)


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_keys(super().format(record))


class ReportFilter(SafeExceptionReporterFilter):
    """Django's own, and the header that keys come in."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|AUTHORIZATION", flags=re.IGNORECASE
    )
