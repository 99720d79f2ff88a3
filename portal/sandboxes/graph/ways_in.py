"""How somebody signs in at the simulated directory: their methods, their Temporary Access Pass, and the policy of passes.

Nobody has anything until it is asked for: then everybody has a password, an authenticator app and a passkey of long ago,
so that there is something to lose.
"""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

# collection -> the type in an answer
KINDS = {
    "fido2Methods": "fido2AuthenticationMethod",
    "microsoftAuthenticatorMethods": "microsoftAuthenticatorAuthenticationMethod",
    "windowsHelloForBusinessMethods": "windowsHelloForBusinessAuthenticationMethod",
    "platformCredentialMethods": "platformCredentialAuthenticationMethod",
    "phoneMethods": "phoneAuthenticationMethod",
    "softwareOathMethods": "softwareOathAuthenticationMethod",
    "emailMethods": "emailAuthenticationMethod",
    "passwordMethods": "passwordAuthenticationMethod",
}
# These are called the same for everybody.
FIXED_IDS = {
    "passwordMethods": "28c10230-6103-485e-b985-444c60001490",
    "phoneMethods": "3179e48a-750b-4051-897c-87b9720928f7",
    "emailMethods": "3ddfcfc8-9383-446f-83cc-3ab9be4be18f",
}
LONG_AGO = 400 * 86_400
LETTERS = string.ascii_letters + string.digits + "!#$%&*+=?@"
REGISTER_WITHIN = 600


def moment(seconds: float) -> str:
    """As the service writes a time."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Method:
    id: str
    kind: str
    name: str
    created_at: float


@dataclass
class Pass:
    id: str
    characters: str = field(repr=False)
    created_at: float
    starts_at: float
    minutes: int
    is_once: bool
    used_at: float | None = None
    is_disabled: bool = False

    def reason(self, now: float) -> str:
        """`methodUsabilityReason`."""
        if self.is_disabled:
            return "DisabledByPolicy"
        if self.used_at is not None and self.is_once:
            return "OneTimeUsed"
        if now < self.starts_at:
            return "NotYetValid"
        return "Expired" if now >= self.starts_at + self.minutes * 60 else "EnabledByPolicy"


def usual_policy() -> dict[str, Any]:
    return {
        "state": "enabled",
        "defaultLifetimeInMinutes": 60,
        "defaultLength": 8,
        "minimumLifetimeInMinutes": 60,
        "maximumLifetimeInMinutes": 480,
        "isUsableOnce": False,
        "includeTargets": [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}],
        "excludeTargets": [],
    }


@dataclass
class WaysIn:
    """By the id of a user. Whoever changes it holds the world's lock."""

    methods: dict[str, list[Method]] = field(default_factory=dict)
    passes: dict[str, Pass] = field(default_factory=dict)
    sessions_ended: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=usual_policy)

    def clear(self) -> None:
        for each in (self.methods, self.passes, self.sessions_ended, self.made):
            each.clear()
        self.policy = usual_policy()

    def of(self, user_id: str) -> list[Method]:
        if user_id not in self.methods:
            since = time.time() - LONG_AGO
            self.methods[user_id] = [
                Method(FIXED_IDS["passwordMethods"], "passwordMethods", "", since),
                Method(str(uuid4()), "microsoftAuthenticatorMethods", "Old phone", since),
                Method(secrets.token_urlsafe(24), "fido2Methods", "Lost key", since),
            ]
        return self.methods[user_id]

    def add(self, user_id: str, *, kind: str, name: str = "", created: float = 0, id: str = "") -> Method:
        given = (
            id
            or FIXED_IDS.get(kind)
            or (secrets.token_urlsafe(24) if kind == "fido2Methods" else str(uuid4()))
        )
        made = Method(given, kind, name, created or time.time())
        self.of(user_id).append(made)
        return made

    def remove(self, user_id: str, method_id: str) -> bool:
        kept = [each for each in self.of(user_id) if each.id != method_id]
        is_gone = len(kept) < len(self.of(user_id))
        self.methods[user_id] = kept
        return is_gone

    def make_pass(self, user_id: str, *, minutes: int, is_once: bool, starts_at: float, now: float) -> Pass:
        """In place of an earlier one: nobody has two."""
        length = int(self.policy["defaultLength"])
        characters = "".join(secrets.choice(LETTERS) for _each in range(length))
        made = Pass(str(uuid4()), characters, now, starts_at, minutes, is_once)
        self.passes[user_id] = made
        self.made[user_id] = self.made.get(user_id, 0) + 1
        return made

    def end_sessions(self, user_id: str) -> None:
        self.sessions_ended[user_id] = self.sessions_ended.get(user_id, 0) + 1
