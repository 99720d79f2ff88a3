"""What the simulator remembers while it runs: people, groups, and when each of their properties changed.

A moment is a number that every change counts up. A round of delta queries is a list that is fixed when the round begins;
what it shows of each object is shown as it is when its page is asked for.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from portal.sandboxes.graph import registered
from portal.sandboxes.graph.ways_in import WaysIn

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
DEPARTMENTS = ("Accounts", "Engineering", "Legal")
DOMAIN = "contoso.example"
PAGE_SIZE = 100
MEMBERS_PER_PAGE = 200
MOST_ROUNDS = 200


@dataclass
class Membership:
    kind: str
    moment: int
    is_gone: bool = False


@dataclass
class Thing:
    """A user or a group. `props` holds (value, moment); a property that was never set is not in it."""

    id: str
    kind: str
    created: int
    props: dict[str, tuple[Any, int]] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    # ("changed" while it can be restored, "deleted" afterwards; the moment)
    removed: tuple[str, int] | None = None


@dataclass
class Round:
    """One walk through what changed since a moment: (object, ids of its members on that page)."""

    kind: str
    select: tuple[str, ...]
    since: int
    until: int
    entries: list[tuple[str, tuple[str, ...]]]


@dataclass
class World:
    """One for the process. Whoever changes it holds the lock."""

    moment: int = 0
    epoch: str = ""
    things: dict[str, Thing] = field(default_factory=dict)
    rounds: dict[str, Round] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    page_size: int = PAGE_SIZE
    calls: list[str] = field(default_factory=list)
    ways_in: WaysIn = field(default_factory=WaysIn)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def of_kind(self, kind: str) -> list[Thing]:
        return [each for each in self.things.values() if each.kind == kind]

    def tick(self) -> int:
        self.moment += 1
        return self.moment

    def add(self, kind: str, props: dict[str, Any], *, thing_id: str = "") -> Thing:
        moment = self.tick()
        made = Thing(thing_id or registered.DIRECTORY.guid(f"{kind}|{self.epoch}|{moment}"), kind, moment)
        made.props = {name: (value, moment) for name, value in props.items()}
        self.things[made.id] = made
        return made

    def change(self, thing: Thing, props: dict[str, Any]) -> None:
        moment = self.tick()
        thing.props |= {name: (value, moment) for name, value in props.items()}

    def join(self, group: Thing, member_id: str) -> None:
        group.members[member_id] = Membership(self.things[member_id].kind, self.tick())

    def leave(self, group: Thing, member_id: str) -> None:
        held = group.members.get(member_id)
        if held is not None and not held.is_gone:
            group.members[member_id] = Membership(held.kind, self.tick(), is_gone=True)

    def remove(self, thing: Thing, reason: str) -> None:
        """Whoever is deleted leaves every group, and can be restored until the reason is "deleted"."""
        for group in self.of_kind("group"):
            self.leave(group, thing.id)
        thing.removed = (reason, self.tick())

    def restore(self, thing: Thing) -> None:
        moment = self.tick()
        thing.removed, thing.created = None, moment

    def keep_round(self, made: Round) -> str:
        while len(self.rounds) >= MOST_ROUNDS:
            self.rounds.pop(next(iter(self.rounds)))
        name = secrets.token_hex(8)
        self.rounds[name] = made
        return name

    def seed(self, *, people: int, groups: int = 3, guests: int = 1, disabled: int = 1) -> None:
        """A directory from nothing. Tokens of the one before are not known any more."""
        with self.lock:
            self.epoch = secrets.token_hex(4)
            self.things.clear()
            self.rounds.clear()
            self.calls.clear()
            self.faults.clear()
            self.page_size = PAGE_SIZE
            self.ways_in.clear()
            made = [self.add("user", person(number)) for number in range(people)]
            for one in made[:guests]:
                self.change(one, {"userType": "Guest"})
            for one in made[guests : guests + disabled]:
                self.change(one, {"accountEnabled": False})
            for number in range(groups):
                group = self.add(
                    "group", {"displayName": f"Group {number + 1}", "securityEnabled": True, "groupTypes": []}
                )
                for one in made[number :: max(1, groups)]:
                    self.join(group, one.id)


def person(number: int) -> dict[str, Any]:
    given = GIVEN[number % len(GIVEN)]
    family = FAMILY[number // len(GIVEN) % len(FAMILY)]
    name = f"{given}.{family}.{number}".lower()
    return {
        "userPrincipalName": f"{name}@{DOMAIN}",
        "displayName": f"{given} {family}",
        "givenName": given,
        "surname": family,
        "mail": f"{name}@{DOMAIN}",
        "otherMails": [f"{name}@private.example"] if number % 2 else [],
        "mobilePhone": f"+44 7700 {900000 + number % 100000}" if number % 3 == 0 else None,
        "employeeId": f"E{number:06}",
        "department": DEPARTMENTS[number % len(DEPARTMENTS)],
        "usageLocation": ("GB", "SE", "PL")[number % 3],
        "country": "Sverige" if number % 3 == 1 else None,
        "accountEnabled": True,
        "userType": "Member",
    }


WORLD = World()
WORLD.seed(people=settings.GRAPH_SIMULATOR_PEOPLE)
