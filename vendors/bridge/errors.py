"""What a client is told when it cannot have what it asks for (RFC 6749, 4.1.2.1 and 5.2; RFC 9126, 2.3)."""

from __future__ import annotations


class OAuthError(Exception):
    """`code` is the standard's. `description` is a sentence of ours for whoever sets the client up; it repeats nothing that
    was sent. `why` goes to the log."""

    def __init__(self, code: str, description: str = "", *, status: int = 400, why: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.status = status
        self.why = why or code


def invalid_request(description: str, *, why: str = "") -> OAuthError:
    return OAuthError("invalid_request", description, why=why)


def invalid_client(why: str) -> OAuthError:
    """The same for every cause."""
    return OAuthError(
        "invalid_client", "The client is unknown here, or did not prove itself.", status=401, why=why
    )


def invalid_grant(why: str) -> OAuthError:
    """The same for every cause."""
    return OAuthError("invalid_grant", "The code is unknown, used, too old, or not this client's.", why=why)
