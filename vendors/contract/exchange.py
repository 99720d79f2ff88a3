"""What the core hands to an adapter, and what the adapter hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from vendors.contract.credentials import Credentials
from vendors.contract.errors import BadConfig, StateMismatch
from vendors.contract.vocabulary import Assurance, Check, Claim, Hint, MediaRef, Outcome, Phase, Reason
from vendors.contract.wallets import Wallets


@dataclass(frozen=True, slots=True)
class HttpReply:
    """Headers are lower-cased; the body is bounded. `at` is when it came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MutualTls:
    """PEM: who we are, with the private key, and the only roots by which the other side is believed."""

    identity: str = field(repr=False)
    roots: str = field(repr=False)


class Http(Protocol):
    """The only way out: no redirects, bounded size and time, no private addresses."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = 1_000_000,
        tls: MutualTls | None = None,
    ) -> HttpReply:
        """Any HTTP status is a reply. PartnerDown when nobody answers well, BadConfig for a refused address and for
        certificates that cannot be used or that one side does not take."""


@dataclass(frozen=True, slots=True)
class Ctx:
    """One connection at one moment. `memory` is the connection's own cache of public facts; the core keeps it."""

    config: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    memory: MutableMapping[str, Any] = field(repr=False)
    http: Http = field(repr=False)
    now: datetime
    random: Callable[[int], bytes] = field(repr=False)
    believed: Credentials | None = field(default=None, repr=False)
    asked: Wallets | None = field(default=None, repr=False)

    @property
    def wallets(self) -> Wallets:
        """For an adapter whose manifest says that it asks wallets. BadConfig for every other."""
        if self.asked is None:
            raise BadConfig("wallets_not_asked")
        return self.asked

    @property
    def credentials(self) -> Credentials:
        """For an adapter whose manifest says that it reads credentials. BadConfig for every other."""
        if self.believed is None:
            raise BadConfig("issuer_not_trusted")
        return self.believed


@dataclass(frozen=True, slots=True)
class StartRequest:
    """`return_state` is the core's own unguessable word for this attempt: what comes back must carry it.
    `case_reference` is what the person may read out; a partner of ours shows it on its pages. `earlier` is the session
    this attempt has already, when only its link ran out. `address` is the IP address of the browser. `expected`: what the
    organisation has on file, by the name of a claim, dates as ISO 8601 text; empty unless the manifest `takes` it."""

    attempt_id: UUID
    return_url: str
    return_state: str = field(repr=False)
    locale: str
    purpose: str
    demonstration: bool
    case_reference: str = ""
    earlier: SessionRef | None = None
    address: str = field(default="", repr=False)  # the browser's, where the manifest says that it is needed
    expected: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """What a partner needs to know of a tenant that connects."""

    client_name: str
    return_urls: tuple[str, ...]
    demonstration: bool


@dataclass(frozen=True, slots=True)
class SessionRef:
    """An attempt as the adapter left it. `state` holds nonces and verifiers, sealed by the core between calls."""

    attempt_id: UUID
    partner_ref: str
    started_at: datetime
    state: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InboundReturn:
    """The query of a browser that came back; the core has matched state, browser and attempt."""

    query: Mapping[str, Sequence[str]] = field(repr=False)

    def one(self, name: str) -> str | None:
        """The single value of a parameter, None if absent. StateMismatch if it came twice."""
        values = self.query.get(name, ())
        if len(values) > 1:
            raise StateMismatch("parameter_repeated")
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class InboundHook:
    """What came in at a partner's hook: header names lower-cased, the body as the bytes that were signed."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something happened at the partner. It carries no result: the core answers it by asking for the record.

    `event_id` tells one event from its copies. `partner_ref` is empty for what is authentic and of no interest."""

    event_id: str
    partner_ref: str = ""


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """The partner heard it. `complete`: nothing of the session is kept there any more."""

    complete: bool


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that was made by the adapter itself."""

    config: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Started:
    """`url` is as good as a key to the session: not logged, sealed at rest."""

    ref: SessionRef
    url: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The one authoritative answer. The same partner state gives an equal snapshot.

    `partner_ref` is the partner's own name of what it answered about; an answer that was fetched must name the session
    it was fetched for."""

    phase: Phase
    outcome: Outcome | None
    claims: tuple[Claim, ...] = field(default=(), repr=False)
    checks: tuple[Check, ...] = ()
    assurance: tuple[Assurance, ...] = ()
    reasons: tuple[Reason, ...] = ()
    media: tuple[MediaRef, ...] = field(default=(), repr=False)
    partner_ref: str = ""
    sandbox: bool = False  # the partner marked it as a rehearsal: it may never unlock a real account
    evidence_digest: str = ""  # SHA-256 of the raw answer, which itself is not kept
    hint: Hint | None = None  # what the person is to do now, while somebody waits for them
    is_link_over: bool = False  # nobody came: the session is begun anew with the next link


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """What is wrong with one setting, and what the other side answered (a code, never its prose)."""

    setting: str
    code: str
    answered: str = ""
