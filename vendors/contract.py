"""The neutral contract every partner's adapter keeps. Pure: no Django, no sockets, no clock.

An adapter holds no state. It gets everything through `Ctx` and answers with frozen values in neutral words; a word of
the partner it does not know is `ContractBroken`, never a pass and never a refusal. The core owns the database, the
clock, retries, the state machine, sealing and the audit log. Values of claims and secrets are out of every `repr`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import UUID


def gettext_noop(text: str) -> str:
    """Marks a sentence of a listing for translation; pages translate it when they show it."""
    return text


# ------------------------------------------------------------------ vocabulary


class Phase(Enum):
    WAITING_FOR_USER = "waiting_for_user"
    PROCESSING = "processing"
    DONE = "done"  # see Outcome; the only phase that may carry claims


class Outcome(Enum):
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"  # a conclusive no
    RETRY_ALLOWED = "retry_allowed"  # inconclusive: a new session may be begun
    USER_ABORTED = "user_aborted"
    EXPIRED = "expired"
    PARTNER_FAILED = "partner_failed"  # never counts against the person


class Reason(Enum):
    """Why, in words that hold for every partner and tell no attribute of a person."""

    DOC_EXPIRED = "doc_expired"
    DOC_UNREADABLE = "doc_unreadable"
    DOC_UNSUPPORTED = "doc_unsupported"
    DOC_NOT_GENUINE = "doc_not_genuine"
    DOC_LOST_OR_STOLEN = "doc_lost_or_stolen"
    DOCUMENT_NOT_ACCEPTED = "document_not_accepted"
    DATA_INCONSISTENT = "data_inconsistent"
    NAME_MISMATCH = "name_mismatch"
    BIRTHDATE_MISMATCH = "birthdate_mismatch"
    FACE_MISMATCH = "face_mismatch"
    FACE_MISSING = "face_missing"
    NOT_CONFIRMED = "not_confirmed"  # face or life: the partner does not tell which
    LIVENESS_FAILED = "liveness_failed"
    PRESENTATION_ATTACK = "presentation_attack"
    UNDER_AGE = "under_age"
    COUNTRY_UNSUPPORTED = "country_unsupported"
    DEVICE_UNSUPPORTED = "device_unsupported"
    CONSENT_DECLINED = "consent_declined"
    USER_CANCELLED = "user_cancelled"
    TIMED_OUT = "timed_out"
    ASSURANCE_TOO_LOW = "assurance_too_low"
    RISK_SIGNAL = "risk_signal"
    TOO_MANY_TRIES = "too_many_tries"
    PARTNER_ERROR = "partner_error"
    OTHER = "other"


class ClaimState(Enum):
    VALUE = "value"
    MATCHED = "matched"  # the partner only says "equal to what you sent"
    MATCHED_FUZZY = "matched_fuzzy"
    WITHHELD = "withheld"


CLAIM_NAMES = frozenset(
    [
        "given_names",
        "middle_name",
        "family_name",
        "birthdate",
        "sex",
        "nationality",
        "place_of_birth",
        "national_id",
        "document_number",
        "document_type",
        "document_country",
        "document_expiry",
        "document_issued",
    ]
)


# ------------------------------------------------------------------ small values


@dataclass(frozen=True, slots=True)
class Claim:
    """One neutral claim. Dates are ISO 8601 text."""

    name: str
    state: ClaimState
    value: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.name not in CLAIM_NAMES:
            raise ValueError("not a neutral claim")


@dataclass(frozen=True, slots=True)
class Check:
    """What the partner looked at. `passed` None: not done or undecided. Scores of two partners are never compared."""

    name: str
    passed: bool | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A picture that waits at the partner. `key` is opaque to the core and lives only inside one exchange."""

    kind: Literal["portrait_document", "portrait_live"]
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assurance:
    framework: str
    level: str


# ------------------------------------------------------------------ listing and abilities


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a connection, as its form asks for it."""

    name: str
    label: str
    hint: str = ""
    kind: Literal["url", "text", "secret", "choice"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the core must know to work with an adapter."""

    slug: str
    contract_status: Literal["public", "reconstructed", "not_public"]
    fields: tuple[Field, ...] = ()
    terms_flags: frozenset[str] = frozenset()  # no_resale, no_id_switch, contract_required


@dataclass(frozen=True, slots=True)
class Listing:
    """What the marketplace tells before anybody chooses. English sentences marked for translation."""

    title: str
    summary: str
    checks: tuple[str, ...]
    cannot_see: tuple[str, ...]
    keeps: tuple[str, ...]
    where: str
    documents: tuple[str, ...]
    billable: str
    not_billable: str
    contract: str
    unit_price: Decimal | None = None
    currency: str = "EUR"
    price_reason: str = ""


# ------------------------------------------------------------------ what the core hands in


@dataclass(frozen=True, slots=True)
class HttpReply:
    """Headers are lower-cased; the body is bounded."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


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
    ) -> HttpReply:
        """Any HTTP status is a reply. PartnerDown when nobody answers well, BadConfig for a refused address."""


@dataclass(frozen=True, slots=True)
class Ctx:
    """One connection at one moment. `memory` is the connection's own cache of public facts; the core keeps it."""

    config: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    memory: MutableMapping[str, Any] = field(repr=False)
    http: Http = field(repr=False)
    now: datetime
    random: Callable[[int], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartRequest:
    """`return_state` is the core's own unguessable word for this attempt: what comes back must carry it.
    `case_reference` is what the person may read out; a partner of ours shows it on its pages."""

    attempt_id: UUID
    return_url: str
    return_state: str = field(repr=False)
    locale: str
    purpose: str
    demonstration: bool
    case_reference: str = ""


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


# ------------------------------------------------------------------ what adapters hand back


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
    """The one authoritative answer. The same partner state gives an equal snapshot."""

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


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """What is wrong with one setting, and what the other side answered (a code, never its prose)."""

    setting: str
    code: str
    answered: str = ""


# ------------------------------------------------------------------ the protocols


class Adapter(Protocol):
    """What every adapter does."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Called by "test this": try every setting that can be tried without a person. Empty means all is well.

        Raises PartnerDown when nobody answers."""

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """Called once per attempt, after the attempt's row was committed. Raises AdapterError."""


@runtime_checkable
class Registers(Protocol):
    """Partners that make a connection by themselves when a tenant chooses them."""

    def connect(self, ctx: Ctx, request: ConnectRequest) -> Connected:
        """Called when the tenant chose the partner. Raises AdapterError."""


@runtime_checkable
class HandlesReturn(Protocol):
    """Partners whose browser return carries a code that must be exchanged."""

    def handle_return(self, ctx: Ctx, ref: SessionRef, inbound: InboundReturn) -> Snapshot:
        """Called by the worker, never inside the web request. Exchanges, verifies, answers. Raises AdapterError."""


@runtime_checkable
class GivesMedia(Protocol):
    """Partners from which the portrait is fetched."""

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        """Called right after the snapshot that named it. A bounded JPEG whose digest was checked."""


@runtime_checkable
class Cancels(Protocol):
    """Partners that want to hear that a session is over on our side."""

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        """Called when an attempt ran out of time. Idempotent: "already over" is success."""


# ------------------------------------------------------------------ errors


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
