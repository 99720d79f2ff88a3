"""The neutral contract every partner's adapter keeps. Pure: no Django, no sockets, no clock.

An adapter holds no state. It gets everything through `Ctx` and answers with frozen values in neutral words; a word of
the partner it does not know is `ContractBroken`, never a pass and never a refusal. The core owns the database, the
clock, retries, the state machine, sealing and the audit log. Values of claims and secrets are out of every `repr`.
"""

from vendors.contract.adapter import Adapter, Cancels, GivesMedia, HandlesReturn, Registers
from vendors.contract.errors import (
    AdapterError,
    BadConfig,
    ContractBroken,
    Fault,
    IssuerUntrusted,
    PartnerAuthFailed,
    PartnerDown,
    RateLimited,
    RequestRejected,
    SessionOver,
    SignatureInvalid,
    Stale,
    StateMismatch,
)
from vendors.contract.exchange import (
    ConfigProblem,
    Connected,
    ConnectRequest,
    Ctx,
    Http,
    HttpReply,
    InboundReturn,
    SessionRef,
    Snapshot,
    Started,
    StartRequest,
)
from vendors.contract.listing import Field, Listing, Manifest, gettext_noop
from vendors.contract.vocabulary import (
    CLAIM_NAMES,
    Assurance,
    Check,
    Claim,
    ClaimState,
    MediaRef,
    Outcome,
    Phase,
    Reason,
)

__all__ = [
    "CLAIM_NAMES",
    "Adapter",
    "AdapterError",
    "Assurance",
    "BadConfig",
    "Cancels",
    "Check",
    "Claim",
    "ClaimState",
    "ConfigProblem",
    "ConnectRequest",
    "Connected",
    "ContractBroken",
    "Ctx",
    "Fault",
    "Field",
    "GivesMedia",
    "HandlesReturn",
    "Http",
    "HttpReply",
    "InboundReturn",
    "IssuerUntrusted",
    "Listing",
    "Manifest",
    "MediaRef",
    "Outcome",
    "PartnerAuthFailed",
    "PartnerDown",
    "Phase",
    "RateLimited",
    "Reason",
    "Registers",
    "RequestRejected",
    "SessionOver",
    "SessionRef",
    "SignatureInvalid",
    "Snapshot",
    "Stale",
    "StartRequest",
    "Started",
    "StateMismatch",
    "gettext_noop",
]
