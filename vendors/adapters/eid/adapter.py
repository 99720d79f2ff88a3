"""National eIDs through a broker that speaks OpenID Connect: the person signs in with the eID, the broker says who it was.

Settings: issuer, client_id, acr (the value by which the broker calls this eID); secrets: client_secret or private_key. The
flow is that of any OpenID Provider here: pushed requests, PKCE, state, nonce, issuer. Asked for is what a recovery compares
and nothing else: names and date of birth, no national number. What it does not do: hand over a portrait; no eID has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from vendors.adapters.eid.claims import aml_claims, plain_claims
from vendors.adapters.oidc.adapter import OidcAdapter
from vendors.contract import (
    Assurance,
    BadConfig,
    Check,
    ContractBroken,
    Ctx,
    EidLevel,
    Outcome,
    Phase,
    SessionRef,
    Snapshot,
    Stale,
)

SKEW = timedelta(seconds=60)
# How brokers end the name of an eID that comes at several levels.
LEVELS = {
    "low": EidLevel.LOW,
    "substantial": EidLevel.SUBSTANTIAL,
    "loa2": EidLevel.SUBSTANTIAL,
    "high": EidLevel.HIGH,
    "loa3": EidLevel.HIGH,
}


@dataclass(frozen=True, slots=True)
class Preset:
    """One eID. `framework` names what vouches for it; `says` is where the broker puts who it was. `level`: what everybody
    who holds this eID has at least; None where it comes at several levels, one of them low, and the acr has to say which."""

    framework: str
    level: EidLevel | None = None
    scope: str = "openid profile"
    says: Literal["plain", "cz_aml"] = "plain"


@dataclass(frozen=True, slots=True)
class EidAdapter(OidcAdapter):
    """`HandlesReturn`. Holds nothing but its manifest, listing and preset."""

    preset: Preset

    def asked(self, ctx: Ctx, purpose: str) -> dict[str, str]:
        """The eID by its name at the broker, and a sign-in now: one from before proves nothing about who asks."""
        return {"scope": self.preset.scope, "acr_values": _acr(ctx), "prompt": "login"}

    def read_answer(self, ctx: Ctx, ref: SessionRef, claims: Mapping[str, Any], digest: str) -> Snapshot:
        """What must hold: 1. the eID that was asked for is the one that was used (OpenID Connect Core 3.1.3.7, step 12);
        2. where the broker says when the person signed in, that was after we asked (step 13): it may have let somebody through
        who never left; 3. names and date of birth are there, and readable."""
        wanted = _acr(ctx)
        if claims.get("acr") != wanted:  # 1
            raise ContractBroken("another_eid")
        if "auth_time" in claims and _moment(claims["auth_time"]) < ref.started_at - SKEW:  # 2
            raise Stale("sign_in_of_before")
        read = aml_claims if self.preset.says == "cz_aml" else plain_claims
        return Snapshot(
            phase=Phase.DONE,
            outcome=Outcome.VERIFIED,
            claims=tuple(read(claims)),  # 3
            checks=(Check("eid", True),),
            assurance=(Assurance(self.preset.framework, wanted, self.level_of(ctx.config)),),
            sandbox=claims.get("readmit_demonstration") is True,
            evidence_digest=digest,
        )

    def level_of(self, config: Mapping[str, str]) -> EidLevel | None:
        """What the acr says; where it only names the eID, what everybody who holds it has."""
        last = str(config.get("acr") or "").casefold().replace("/", ":").rpartition(":")[2]
        return LEVELS.get(last, self.preset.level)


def _acr(ctx: Ctx) -> str:
    acr = str(ctx.config.get("acr") or "")
    if not acr or " " in acr:
        raise BadConfig("acr_missing", setting="acr")
    return acr


def _moment(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        raise ContractBroken("auth_time_unusable")
    return datetime.fromtimestamp(value, tz=UTC)
