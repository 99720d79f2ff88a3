"""What can go wrong between the core and a partner, and whose fault it is."""

from __future__ import annotations

from enum import Enum
from typing import Literal


class Fault(Enum):
    CONFIG = "config"
    PARTNER = "partner"
    USER = "user"
    ATTACK = "attack"
    OURS = "ours"


class AdapterError(Exception):
    """`code` is a constant of ours; `answered` at most a code of the partner's protocol. No prose, no personal data."""

    fault: Fault = Fault.OURS
    retry: Literal["never", "later", "new_session"] = "never"

    def __init__(self, code: str, *, answered: str = "", http_status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.answered = answered
        self.http_status = http_status


class BadConfig(AdapterError):
    """A setting cannot be right. `setting` names it."""

    fault = Fault.CONFIG

    def __init__(
        self, code: str, *, setting: str = "", answered: str = "", http_status: int | None = None
    ) -> None:
        super().__init__(code, answered=answered, http_status=http_status)
        self.setting = setting


class PartnerAuthFailed(AdapterError):
    """The partner does not accept our credentials."""

    fault = Fault.CONFIG


class RequestRejected(AdapterError):
    """The partner understood and said no to the request itself: our mapping or its registration is wrong."""

    fault = Fault.OURS


class SessionOver(AdapterError):
    """The session or its code is used up."""

    fault = Fault.USER
    retry = "new_session"


class RateLimited(AdapterError):
    fault = Fault.PARTNER
    retry = "later"


class PartnerDown(AdapterError):
    """5xx, time-out, no answer."""

    fault = Fault.PARTNER
    retry = "later"


class ContractBroken(AdapterError):
    """A shape or word we do not understand: fail closed and alert."""

    fault = Fault.PARTNER


class SignatureInvalid(AdapterError):
    fault = Fault.ATTACK


class Stale(AdapterError):
    fault = Fault.ATTACK


class StateMismatch(AdapterError):
    """State, nonce, issuer or attempt do not belong together."""

    fault = Fault.ATTACK


class IssuerUntrusted(AdapterError):
    fault = Fault.ATTACK
