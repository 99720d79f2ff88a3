"""What the simulator remembers while it runs: applications with their keys, people, groups, and how people sign in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

GIVEN = ("Ada", "Grace", "Alan", "Katherine", "Edsger", "Barbara", "Donald", "Radia", "Niklaus", "Frances")
FAMILY = (
    "Lovelace",
    "Hopper",
    "Turing",
    "Johnson",
    "Dijkstra",
    "Liskov",
    "Knuth",
    "Perlman",
    "Wirth",
    "Allen",
)
DOMAIN = "fabrikam.example"
LONG_AGO = 400 * 86_400
_ALPHABET = string.ascii_letters + string.digits
USERS_READ, GROUPS_READ = "okta.users.read", "okta.groups.read"
USERS_MANAGE, AUTHENTICATORS_READ = "okta.users.manage", "okta.authenticators.read"


def derived_id(prefix: str, purpose: str) -> str:
    """As Okta writes them: a prefix that says the kind, then letters and digits, 20 together."""
    found = hmac.digest(settings.SECRET_KEY.encode(), f"okta simulator|{purpose}".encode(), hashlib.sha256)
    return prefix + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in found)[: 20 - len(prefix)]


def fresh_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _each in range(20 - len(prefix)))


def moment(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


@dataclass(frozen=True)
class Application:
    name: str
    client_id: str
    scopes: tuple[str, ...]
    needs_proof: bool = True


def _application(name: str, *scopes: str, needs_proof: bool = True) -> Application:
    return Application(name, derived_id("0oa", name), scopes, needs_proof)


APPLICATIONS = (
    _application("Everything is granted", USERS_READ, GROUPS_READ, USERS_MANAGE, AUTHENTICATORS_READ),
    _application("May only read people and groups", USERS_READ, GROUPS_READ),
    _application("May only read people", USERS_READ),
    _application("Nothing is granted"),
    _application(
        "Asks for no proof of possession",
        *(USERS_READ, GROUPS_READ, USERS_MANAGE, AUTHENTICATORS_READ),
        needs_proof=False,
    ),
)


@dataclass
class Enrolment:
    id: str
    key: str
    created_at: float
    status: str = "ACTIVE"
    characters: str = field(default="", repr=False)
    expires_at: float = 0


@dataclass
class User:
    id: str
    profile: dict[str, Any]
    status: str
    updated_at: float
    last_login: float | None = None
    sessions_ended: int = 0
    codes_made: int = 0
    enrolments: list[Enrolment] = field(default_factory=list)


@dataclass
class Group:
    id: str
    name: str
    kind: str
    updated_at: float
    membership_at: float
    members: list[str] = field(default_factory=list)


def usual_authenticator() -> dict[str, Any]:
    return {
        "status": "ACTIVE",
        "minTtl": 10,
        "maxTtl": 720,
        "defaultTtl": 480,
        "length": 16,
        "multiUseAllowed": True,
        "exists": True,
    }


@dataclass
class World:
    """One for the process. Whoever changes it holds the lock."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    # client id -> registered public keys
    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # jti of assertions and proofs that were used, and the nonce that is asked for
    spent: set[str] = field(default_factory=set)
    nonce: str = ""
    authenticator: dict[str, Any] = field(default_factory=usual_authenticator)
    faults: dict[str, Any] = field(default_factory=dict)
    page_size: int = 200
    calls: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        """The organisation's clock."""
        return time.time() + float(self.faults.get("clock_off", 0))

    def seed(self, *, people: int, groups: int = 3) -> None:
        with self.lock:
            for each in (self.users, self.groups, self.calls, self.faults, self.spent):
                each.clear()
            self.nonce, self.page_size = secrets.token_urlsafe(16), 200
            self.authenticator = usual_authenticator()
            made = [self.add_user(person(number)) for number in range(people)]
            everyone = self.add_group("Everyone", kind="BUILT_IN")
            everyone.members = [one.id for one in made]
            for number in range(groups):
                group = self.add_group(f"Group {number + 1}")
                group.members = [one.id for one in made[number :: max(1, groups)]]

    def add_user(self, profile: dict[str, Any], *, status: str = "ACTIVE") -> User:
        made = User(fresh_id("00u"), profile, status, self.now())
        since = self.now() - LONG_AGO
        made.enrolments = [
            Enrolment(fresh_id(kind[:3]), kind, since) for kind in ("okta_password", "okta_email")
        ]
        made.enrolments += [
            Enrolment(fresh_id("pfd"), "okta_verify", since),
            Enrolment(fresh_id("fwf"), "webauthn", since),
        ]
        self.users[made.id] = made
        return made

    def add_group(self, name: str, *, kind: str = "OKTA_GROUP") -> Group:
        made = Group(fresh_id("00g"), name, kind, self.now(), self.now())
        self.groups[made.id] = made
        return made

    def make_code(self, user: User, *, minutes: int) -> Enrolment:
        """In place of an earlier one: nobody has two."""
        user.enrolments = [one for one in user.enrolments if one.key != "tac"]
        letters = _ALPHABET + "!#$%&*@"
        made = Enrolment(fresh_id("tac"), "tac", self.now(), expires_at=self.now() + minutes * 60)
        made.characters = "".join(
            secrets.choice(letters) for _each in range(int(self.authenticator["length"]))
        )
        user.enrolments.append(made)
        user.codes_made += 1
        return made


def person(number: int) -> dict[str, Any]:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
    name = f"{given}.{family}.{number}".lower()
    found: dict[str, Any] = {
        "login": f"{name}@{DOMAIN}",
        "email": f"{name}@{DOMAIN}",
        "firstName": given,
        "lastName": family,
        "employeeNumber": f"K{number:06}",
        "department": ("Accounts", "Engineering", "Legal")[number % 3],
        "countryCode": ("GB", "SE", "PL")[number % 3],
        "manager": "Mary Manager",
    }
    if number % 2:
        found["secondEmail"] = f"{name}@private.example"
    if number % 3 == 0:
        found["mobilePhone"] = f"+44 7700 {900000 + number % 100000}"
    return found


WORLD = World()
WORLD.seed(people=settings.OKTA_SIMULATOR_PEOPLE)
