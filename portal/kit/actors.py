"""Who did something, as the audit log writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    MEMBER = "member"
    PERSON = "person"
    CLAIMANT = "claimant"
    VENDOR = "vendor"
    WALLET = "wallet"
    OPERATOR = "operator"
    API_KEY = "api_key"
    PROVISIONER = "provisioner"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is a public id or a fixed word; never a name or an address."""

    kind: ActorKind
    id: str = ""


SYSTEM = Actor(ActorKind.SYSTEM, "readmit")
