"""What a directory elsewhere has to be able to do, so that people come from it and recover in it.

A provider is a folder and a line in `registry`. Its errors are those of `portal.kit.remote` and the two below; its field names
never pass it. Nothing of it is called in a transaction or a web request, but what says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from portal.kit.errors import ReadmitError
from portal.kit.remote import Token
from portal.kit.seen import SeenForm
from tenants.directory.connections.told import Group, User

USERS, GROUPS = "users", "groups"


class StateLost(ReadmitError):
    """The directory does not know any more how far we were: everything has to be told again."""

    def __init__(self) -> None:
        super().__init__("sync_state_lost")


class AccountGone(ReadmitError):
    """The directory has no such account."""

    def __init__(self) -> None:
        super().__init__("account_gone")


@dataclass(frozen=True, slots=True)
class Credentials:
    """`settings` are what the administrator entered, by the names in `Provider.settings`."""

    settings: Mapping[str, str]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a round, read. Exactly one of the links is there: `next_link` leads on, `delta_link` begins the next round.
    `unreadable` is how many objects could not be read at all, `pause` for how many seconds the directory is better left alone."""

    users: Mapping[str, User] = field(default_factory=dict, repr=False)
    groups: Mapping[str, Group] = field(default_factory=dict, repr=False)
    unreadable: int = 0
    next_link: str = field(default="", repr=False)
    delta_link: str = field(default="", repr=False)
    pause: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """`signed_in_at` is by the directory's clock; None where it does not say."""

    is_enabled: bool
    is_guest: bool = False
    signed_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Of passes. Lifetimes in minutes; targets are ids of groups, or `all_users`. `reference` is what the directory wants to be
    told when a pass is made."""

    is_enabled: bool
    shortest: int
    longest: int
    usual: int
    length: int
    is_one_time: bool
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    reference: str = ""

    def lifetime(self, wanted: int) -> int:
        """What comes nearest to `wanted` within the bounds."""
        return max(self.shortest, min(wanted, self.longest))


@dataclass(frozen=True, slots=True)
class Method:
    """A way to sign in. `counts` where a new one completes a recovery: it takes a person there and has a date. `created_at` is
    None where the directory does not say."""

    id: str = field(repr=False)
    kind: str
    created_at: datetime | None
    is_removable: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class FoundPass:
    id: str
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class MadePass:
    """`is_usable` is False where the directory's policy does not let this person use it."""

    id: str
    characters: str = field(repr=False)
    created_at: datetime
    minutes: int
    is_usable: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a pass can be used, by the directory's clock."""

    begins_at: datetime
    ends_at: datetime


class Fate(Enum):
    """What became of a pass: nothing yet, it was used, or it is not there any more without having been."""

    WAITS = "waits"
    USED = "used"
    GONE = "gone"


class Door(Protocol):
    """One directory with a token in hand. Each may raise what is in `TROUBLE`."""

    def fetch_page(self, kind: str, link: str) -> Page:
        """Of people or groups: where `link` leads, from the beginning where it is empty. StateLost."""

    def read_account(self, object_id: str) -> Account:
        """AccountGone where there is none."""

    def read_policy(self) -> Policy: ...

    def list_methods(self, object_id: str) -> list[Method]:
        """Everything the account signs in with, passes left out. AccountGone."""

    def list_passes(self, object_id: str) -> list[FoundPass]:
        """Of this very account, used and expired ones among them. AccountGone."""

    def make_pass(self, object_id: str, policy: Policy, *, minutes: int) -> MadePass:
        """A pass that is used once, valid from now on. Asked for once: an answer that was lost may belong to a pass that was
        made. AccountGone; Unavailable for an answer about another account."""

    def fate_of_pass(
        self, object_id: str, pass_id: str, *, account: Account, valid: Span, is_over: bool
    ) -> Fate:
        """`account` was read before; `is_over` is by our clock."""

    def delete_pass(self, object_id: str, pass_id: str) -> bool:
        """Whether it is gone; what was not there is."""

    def delete_method(self, object_id: str, method: Method) -> bool: ...

    def end_sessions(self, object_id: str) -> None:
        """Everywhere; it may take the directory some minutes. AccountGone."""


@dataclass(frozen=True, slots=True)
class Words:
    """What people read of a provider. `place` as in "at Microsoft", `title` the product's name, `pass_name` what it calls a
    pass, `stays` what a recovery there leaves as it was. `steps` and `problems` are looked up where they are shown: the parts of a test, and what went wrong and what to change."""

    place: str
    title: str
    pass_name: str
    stays: str
    steps: Mapping[str, str]
    problems: Mapping[str, str]


class Provider(Protocol):
    """One kind of directory. It keeps no state."""

    kind: str
    settings: tuple[str, ...]
    # Which of the settings names the directory: people of two are never mixed.
    identity: str
    # The token has to say so before accounts may live there; None where only trying tells.
    grants: Mapping[str, frozenset[str]]
    # How old the last round that told everything may become, where what changed does not tell who left.
    tells_everything_every: timedelta | None
    words: Words

    def is_simulated(self) -> bool:
        """Whether the local simulator stands in for it. Never in production."""

    def form(self, data: Any, *, values: Mapping[str, str], is_new: bool) -> SeenForm:
        """What the administrator fills in; cleaned, it has each of `settings`, and `secret` where one is entered."""

    def new_secret(self) -> str:
        """A key that is made here; empty where the administrator enters a secret."""

    def public_part(self, secret: str) -> str:
        """Of a key that was made here, what the administrator registers there; empty where there is none."""

    def fetch_token(self, credentials: Credentials) -> Token: ...

    def open(self, credentials: Credentials, token: Token) -> Door: ...

    def sign_in_url(self, settings: Mapping[str, str]) -> str:
        """Where somebody uses a pass and adds a way to sign in."""
