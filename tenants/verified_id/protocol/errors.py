"""The one family of errors of the protocol code.

An error speaks twice: `code` is the standard's own error code and goes to the wallet; `reason`, `clause`,
`found` and `expected` go to the log. Neither ever carries the value of a claim, a nonce or a code: only names,
types, counts and public identifiers.
"""

from dataclasses import dataclass

_LONGEST = 120


class ProtocolError(Exception):
    """A message broke a rule of its standard. `reason` is our stable name of that rule."""

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        clause: str,
        status: int = 400,
        found: object = None,
        expected: object = None,
    ) -> None:
        self.code = code
        self.reason = reason
        self.clause = clause
        self.status = status
        self.found = _short(found)
        self.expected = _short(expected)
        super().__init__(f"{code}: {reason} ({clause}); found {self.found}, expected {self.expected}")

    def body(self) -> dict[str, str]:
        """The JSON body of RFC 6749 section 5.2, used by OpenID4VCI 6.3, 8.3.1.2 and 11.3 alike."""
        return {"error": self.code}

    def headers(self, scheme: str = "Bearer") -> dict[str, str]:
        """Errors are never cached; a 401 names its scheme (RFC 6750 section 3, RFC 9449 section 7.1)."""
        headers = {"Cache-Control": "no-store"}
        if self.status == 401:
            bare = self.reason == "token_missing"
            headers["WWW-Authenticate"] = scheme if bare else f'{scheme} error="{self.code}"'
        return headers


@dataclass(frozen=True)
class Refusing:
    """What a verifier says when any of its steps fails: the code and the clause, given once."""

    code: str
    clause: str
    status: int = 400

    def __call__(
        self, reason: str, *, clause: str = "", found: object = None, expected: object = None
    ) -> ProtocolError:
        return ProtocolError(
            self.code,
            reason,
            clause=clause or self.clause,
            status=self.status,
            found=found,
            expected=expected,
        )


def check_lists(*lists: object) -> None:
    """A lone text is a collection of its letters, and `in` would then accept any part of it."""
    if any(isinstance(item, str) for item in lists):
        raise TypeError("a list of texts is expected here, not one text")


def _short(value: object) -> str | None:
    if value is None:
        return None
    # What a stranger wrote must not begin a line of its own in the log.
    text = value if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
