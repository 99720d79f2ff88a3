"""Credential hand-off: a partner proves somebody, issues a VerifiedIdentity credential of its own and shows it to us.

Speaks the profile we publish (HANDOFF.md beside this file); which section a step follows stands beside it. Settings: service, client_id,
issuer_did; secrets: client_secret or private_key. Whether the credential is genuine is for the core to say: it has to be signed
by an issuer the tenant trusts, shown for this session and not revoked. What it does not do: put anything into a wallet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from vendors.adapters.handoff import calls
from vendors.adapters.handoff.claims import NEEDED, WANTED, neutral_claims, portrait_key, portrait_of
from vendors.adapters.oidc.answers import read_object, text_of
from vendors.adapters.oidc.client import url_safe
from vendors.adapters.rest.api import with_state
from vendors.adapters.values import mapping
from vendors.contract import (
    Assurance,
    BadConfig,
    Check,
    ConfigProblem,
    ContractBroken,
    Ctx,
    ErasureReceipt,
    Listing,
    Manifest,
    MediaRef,
    Outcome,
    PartnerAuthFailed,
    Phase,
    Reason,
    RequestRejected,
    SessionOver,
    SessionRef,
    Snapshot,
    Stale,
    Started,
    StartRequest,
    StateMismatch,
)

MAX_LINK_LIFE = 86_400
SKEW = timedelta(seconds=60)
ANSWERS = {
    "refused": Outcome.NOT_VERIFIED,
    "retry": Outcome.RETRY_ALLOWED,
    "canceled": Outcome.USER_ABORTED,
    "expired": Outcome.EXPIRED,
    "failed": Outcome.PARTNER_FAILED,
}
USUAL = {
    Outcome.USER_ABORTED: (Reason.USER_CANCELLED,),
    Outcome.EXPIRED: (Reason.TIMED_OUT,),
    Outcome.PARTNER_FAILED: (Reason.PARTNER_ERROR,),
}
WAITING = {"waiting": Phase.WAITING_FOR_USER, "processing": Phase.PROCESSING}


@dataclass(frozen=True, slots=True)
class HandoffAdapter:
    """`Fetches`, `GivesMedia`, `Erases` and `Cancels`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Whether the issuer is trusted, then a session nobody will follow for each return address: that proves the address of
        the service, the client id and the secret."""
        problem = ctx.credentials.problem_with(_issuer(ctx))
        if problem:
            return [ConfigProblem("issuer_did", problem)]
        setting = "service"
        try:
            for return_url in return_urls:
                word = url_safe(ctx.random(24))
                made = calls.create(ctx, _request(ctx, f"test-{word}", return_url, word))
                setting = "return_url"
                calls.about(ctx, "POST", text_of(made, "session_id", longest=200), "/cancel")
        except PartnerAuthFailed as error:
            return [ConfigProblem(calls.credential_setting(ctx), error.code, error.answered)]
        except BadConfig as error:
            return [ConfigProblem(error.setting or setting, error.code, error.answered)]
        except (RequestRejected, ContractBroken, SessionOver) as error:
            return [ConfigProblem(setting, error.code, error.answered or str(error.http_status or ""))]
        return []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """Section 3. The same attempt is the same session; a link that ran out is made anew by asking again."""
        wanted = _request(ctx, str(request.attempt_id), request.return_url, request.return_state)
        wanted |= {"locale": request.locale, "purpose": request.purpose}
        made = calls.create(ctx, wanted)
        ref = SessionRef(
            request.attempt_id,
            text_of(made, "session_id", longest=200),
            request.earlier.started_at if request.earlier is not None else ctx.now,
            {"nonce": wanted["nonce"]},
        )
        _require_own(made, ref)
        return Started(
            ref=ref,
            url=calls.require_own(ctx, made.get("url")),
            expires_at=ctx.now + timedelta(seconds=_lifetime(made)),
        )

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """Section 4. What must hold: 1. the record is the session's, and was made for this attempt; 2. its status is a word of
        the profile; 3. a yes comes with a credential that `_shown` lets pass."""
        record = read_object(calls.about(ctx, "GET", ref.partner_ref))
        _require_own(record, ref)  # 1
        status = text_of(record, "status", longest=40)
        is_played = record.get("sandbox") is True or _is_this_machine(ctx)
        if status in WAITING:
            return Snapshot(WAITING[status], None, partner_ref=ref.partner_ref, sandbox=is_played)
        if status == "verified":
            return self._verified(ctx, ref, record, is_played)
        outcome = ANSWERS.get(status)
        if outcome is None:  # 2
            raise ContractBroken("status_unknown")
        reasons = _reasons(record) or USUAL.get(outcome, ())
        return Snapshot(
            Phase.DONE,
            outcome,
            reasons=reasons,
            partner_ref=ref.partner_ref,
            sandbox=is_played,
            evidence_digest=hashlib.sha256(f"{ref.partner_ref}|{status}".encode()).hexdigest(),
        )

    def _verified(self, ctx: Ctx, ref: SessionRef, record: Mapping[str, Any], is_played: bool) -> Snapshot:
        """Section 5. What must hold: 1. the core says that the credential is good; 2. it was issued after this session began: an
        older one would say that somebody was proven once; 3. every value of it can be read."""
        shown = ctx.credentials.verify(  # 1
            mapping(record.get("vp_token"), "credential_missing"),
            issuer=_issuer(ctx),
            needed=NEEDED,
            wanted=WANTED,
            nonce=ref.state.get("nonce", ""),
            audience=calls.client_id(ctx),
            now=ctx.now,
        )
        if shown.issued_at is None or shown.issued_at < ref.started_at - SKEW:  # 2
            raise Stale("credential_of_before")
        portrait = portrait_key(shown.claims)
        return Snapshot(
            phase=Phase.DONE,
            outcome=Outcome.VERIFIED,
            claims=tuple(neutral_claims(shown.claims)),  # 3
            checks=(Check("credential", True),),
            assurance=(Assurance(f"vendor:{self.manifest.slug}", "verified_identity"),),
            media=(MediaRef("portrait_document", portrait),) if portrait else (),
            partner_ref=ref.partner_ref,
            sandbox=is_played,
            evidence_digest=shown.digest,
        )

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        return portrait_of(item.key)

    def erase(self, ctx: Ctx, ref: SessionRef) -> ErasureReceipt:
        """Section 7."""
        with suppress(SessionOver):  # it is gone
            calls.about(ctx, "DELETE", ref.partner_ref)
        return ErasureReceipt(complete=True)

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        with suppress(RequestRejected, SessionOver):  # it was decided, or is gone
            calls.about(ctx, "POST", ref.partner_ref, "/cancel")


def _issuer(ctx: Ctx) -> str:
    did = str(ctx.config.get("issuer_did") or "")
    if not did.startswith("did:web:"):
        raise BadConfig("issuer_did_unusable", setting="issuer_did")
    return did


def _request(ctx: Ctx, reference: str, return_url: str, state: str) -> dict[str, Any]:
    """What is inside the signature. The nonce is made of the word the answer has to carry, so that the same attempt asks for
    the same to the letter, however often nobody answered."""
    nonce = url_safe(hashlib.sha256(f"handoff nonce|{state}".encode()).digest())
    return {
        "reference": reference,
        "return_uri": with_state(return_url, state),
        "nonce": nonce,
        "dcql_query": ctx.credentials.query(_issuer(ctx), needed=NEEDED, wanted=WANTED),
    }


def _require_own(record: Mapping[str, Any], ref: SessionRef) -> None:
    if record.get("session_id") != ref.partner_ref or record.get("reference") != str(ref.attempt_id):
        raise StateMismatch("record_of_another_session")


def _lifetime(made: Mapping[str, Any]) -> int:
    lifetime = made.get("expires_in")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or not 0 < lifetime <= MAX_LINK_LIFE:
        raise ContractBroken("link_lifetime_unusable")
    return lifetime


def _reasons(record: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Reasons explain and decide nothing, so a new one is kept as OTHER."""
    told = record.get("reasons") or []
    if not isinstance(told, list) or len(told) > 20 or not all(isinstance(word, str) for word in told):
        raise ContractBroken("reasons_unusable")
    known = {reason.value: reason for reason in Reason}
    return tuple(dict.fromkeys(known.get(word, Reason.OTHER) for word in told))


def _is_this_machine(ctx: Ctx) -> bool:
    host = urlsplit(calls.service_of(ctx)).hostname or ""
    return host == "localhost" or host.endswith(".localhost")
