"""What the kit's benches have in common: what an answer has to become, and what each is asked with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.kit import clock
from portal.kit.ids import uuid7
from vendors.context import Egress
from vendors.contract import (
    AdapterError,
    ContractBroken,
    Ctx,
    Outcome,
    PartnerDown,
    RateLimited,
    Reason,
    StartRequest,
)

RETURN_URL = "http://acme.localhost:8000/recover/return"
STATE = "s" * 43
CANARY = "Xanthippe"


@dataclass(frozen=True)
class Expected:
    """`claims` are those that have to be there, with these values."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    portrait: bool = False


Fault = tuple[type[AdapterError], str]
DOWN: dict[str, Fault] = {
    "down": (PartnerDown, "partner_down"),
    "rate_limited": (RateLimited, "rate_limited"),
    "not_json": (ContractBroken, "answer_not_json"),
    "names_twice": (ContractBroken, "answer_not_json"),
    "huge": (PartnerDown, "answer_too_large"),
    "hang": (PartnerDown, "no_answer"),
}


def request_of() -> StartRequest:
    return StartRequest(
        attempt_id=uuid7(),
        return_url=RETURN_URL,
        return_state=STATE,
        locale="en",
        purpose="Recover your account",
        demonstration=True,
        address="203.0.113.9",
    )


def ctx_of(config: Mapping[str, str], held: Mapping[str, str]) -> Ctx:
    return Ctx(
        config=dict(config),
        secrets=dict(held),
        memory={},
        http=Egress(),
        now=clock.now(),
        random=secrets.token_bytes,
    )


PROVEN = {
    "given_names": "Ada",
    "family_name": CANARY,
    "birthdate": "1990-02-01",
    "document_number": "P1234567",
}
DOCUMENT = {"document_type": "passport", "document_country": "GBR", "document_expiry": "2031-01-01"}
REFUSED = Outcome.NOT_VERIFIED
RETRY = Outcome.RETRY_ALLOWED
