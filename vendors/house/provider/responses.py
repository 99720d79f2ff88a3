"""The authorization response: RFC 6749, 4.1.2 and 4.1.2.1, always with `iss` (RFC 9207, 2)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit


def code_response(redirect_uri: str, *, code: str, state: str, issuer: str) -> str:
    return _with_query(redirect_uri, {"code": code, "state": state, "iss": issuer})


def error_response(redirect_uri: str, *, error: str, description: str, state: str, issuer: str) -> str:
    return _with_query(
        redirect_uri, {"error": error, "error_description": description, "state": state, "iss": issuer}
    )


def _with_query(redirect_uri: str, parameters: dict[str, str]) -> str:
    """RFC 6749, 3.1.2: a query that the redirect URI already has is kept."""
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{joint}{urlencode(parameters)}"
