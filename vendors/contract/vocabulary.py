"""The words of the contract: phases, outcomes, reasons, claims, and the small values made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal


class Phase(Enum):
    WAITING_FOR_USER = "waiting_for_user"
    PROCESSING = "processing"  # the partner works on it; a person there may be looking
    DONE = "done"  # see Outcome; the only phase that may carry claims


class Outcome(Enum):
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"  # a conclusive no
    RETRY_ALLOWED = "retry_allowed"  # inconclusive: a new session may be begun
    USER_ABORTED = "user_aborted"
    EXPIRED = "expired"
    PARTNER_FAILED = "partner_failed"  # never counts against the person


class Hint(Enum):
    """What somebody who waits before a page is to do, in words that hold for every eID with an app."""

    OPEN_APP = "open_app"  # nothing was opened yet
    APP_STARTING = "app_starting"  # it was opened, and looks for an eID
    CONFIRM = "confirm"  # it waits for code, finger or face
    READ_DOCUMENT = "read_document"  # it wants to read the chip of a passport or identity card
    WORKING = "working"


class Reference(Enum):
    """What a partner may be told of a person beforehand, so that it compares it with what they show."""

    NAMES = "names"
    BIRTHDATE = "birthdate"


# The claims that each of them is; what the directory does not know is left out.
REFERENCE_CLAIMS = {
    Reference.NAMES: ("given_names", "family_name"),
    Reference.BIRTHDATE: ("birthdate",),
}


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
    ID_NUMBER_MISMATCH = "id_number_mismatch"
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
    EID_BLOCKED = "eid_blocked"
    EID_USED_ELSEWHERE = "eid_used_elsewhere"  # another sign-in with it began meanwhile
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
        "national_id_country",
        "document_number",
        "document_type",
        "document_country",
        "document_expiry",
        "document_issued",
    ]
)


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


class EidLevel(Enum):
    """The levels of electronic identification (Regulation (EU) No 910/2014, article 8)."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Assurance:
    """What the partner calls the level it reached, in a framework. `eid`: of an eID, which of the three that is; None
    where it is not known, which counts as too low."""

    framework: str
    level: str
    eid: EidLevel | None = None
