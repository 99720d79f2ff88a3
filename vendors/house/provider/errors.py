"""One family of errors for every protocol address. `error` is OAuth's word, `reason` ours, for the log."""

from __future__ import annotations

INVALID_REQUEST = "invalid_request"
INVALID_CLIENT = "invalid_client"
INVALID_GRANT = "invalid_grant"
INVALID_SCOPE = "invalid_scope"
UNAUTHORIZED_CLIENT = "unauthorized_client"
UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
REQUEST_NOT_SUPPORTED = "request_not_supported"
INVALID_REDIRECT_URI = "invalid_redirect_uri"
INVALID_CLIENT_METADATA = "invalid_client_metadata"
INVALID_TOKEN = "invalid_token"  # noqa: S105 (a word of RFC 6750)


class ProtocolError(Exception):
    """Answered as RFC 6749, 5.2 (and RFC 9126, 2.3; RFC 7591, 3.2.2; RFC 6750, 3.1) say. `clause` names the rule."""

    def __init__(
        self,
        error: str,
        reason: str,
        description: str = "",
        *,
        clause: str = "",
        status: int = 400,
        challenge: str = "",
    ) -> None:
        super().__init__(f"{error}: {reason}")
        self.error = error
        self.reason = reason
        self.description = description or reason.replace("_", " ")
        self.clause = clause
        self.status = status
        self.challenge = challenge

    def to_json(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}
