"""One family of errors. Each speaks twice: `sentence` to the person, `code` to us (STYLE 21)."""

from __future__ import annotations

from collections.abc import Mapping


class ReadmitError(Exception):
    """`code` is stable and logged; `sentence` is shown; `detail` (found, expected) is logged, never shown."""

    status = 400

    def __init__(self, code: str, sentence: str = "", *, detail: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.detail = dict(detail or {})


class Refused(ReadmitError):
    """The answer is no, and asking again will not change it."""

    status = 403


class NotHere(ReadmitError):
    """Unknown, or not yours: strangers cannot tell which."""

    status = 404


class NotAllowed(ReadmitError):
    """A colleague without the right."""

    status = 403


class Invalid(ReadmitError):
    """Input that cannot be used; the sentence says what to change. `field` names the form field if there is one."""

    def __init__(
        self, code: str, sentence: str = "", *, field: str = "", detail: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(code, sentence, detail=detail)
        self.field = field


class TooMany(ReadmitError):
    """A limit was reached. `retry_after` in seconds."""

    status = 429

    def __init__(self, code: str, sentence: str = "", *, retry_after: int = 60) -> None:
        super().__init__(code, sentence)
        self.retry_after = retry_after


class Unavailable(ReadmitError):
    """The other side does not answer; try again later."""

    status = 503


class Misconfigured(ReadmitError):
    """A setting of the tenant or the platform is wrong; somebody must be told."""

    status = 503


class IllegalMove(ReadmitError):
    """A transition that its table does not have."""

    status = 409


class NoScope(RuntimeError):
    """A tenant-owned table was asked for with no tenant in force. A bug, always."""
