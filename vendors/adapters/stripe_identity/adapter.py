"""Stripe Identity: a VerificationSession on Stripe's page, a signed webhook, and the session as the record.

Settings: flow (a verification flow of the tenant's, else a document with a matching selfie), api_base (a simulator's
address, in development); secrets: api_key (a restricted key), webhook_secret. Sensitive values come only when they are asked
for by name with a restricted key, so a key that is not allowed to read them is the tenant's to mend, never the person's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from vendors.adapters.oidc.answers import read_object, text_of
from vendors.adapters.rest.api import (
    Partner,
    code_word,
    digest_of,
    fault_of,
    fetch_picture,
    key_of,
    object_of,
    with_state,
)
from vendors.adapters.rest.signatures import verify_timestamped
from vendors.adapters.stripe_identity.session import VOLATILE, read_session
from vendors.adapters.values import mapping
from vendors.contract import (
    AdapterError,
    BadConfig,
    ConfigProblem,
    ContractBroken,
    Ctx,
    ErasureReceipt,
    HttpReply,
    InboundHook,
    Listing,
    Manifest,
    MediaRef,
    PartnerAuthFailed,
    RequestRejected,
    SessionOver,
    SessionRef,
    Signal,
    Snapshot,
    Started,
    StartRequest,
    StateMismatch,
)

VERSION = "2026-10-28.endive"
PARTNER = Partner(
    "https://api.stripe.com", frozenset({"api.stripe.com", "verify.stripe.com", "files.stripe.com"})
)
SESSIONS = "/v1/identity/verification_sessions"
EVENTS = "identity.verification_session."
REDACTING = frozenset({"processing", "redacted", "validated"})
LINK_LIFE = timedelta(hours=48)
PICTURE_LIFE = timedelta(seconds=60)
EXPANDED = (
    "verified_outputs.dob",
    "last_verification_report",
    "last_verification_report.document.number",
    "last_verification_report.document.expiration_date",
)

WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 (the name of one)


@dataclass(frozen=True, slots=True)
class StripeIdentityAdapter:
    """`Fetches`, `HandlesWebhook`, `GivesMedia`, `Cancels` and `Erases`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing
    webhook_secret: str = WEBHOOK_SECRET

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Reads a session as an answer would be read, then makes one that nobody will visit and cancels it: that proves
        the key, what it may read and write, the flow and the return address. A session nobody visited costs nothing."""
        setting = "api_key"
        try:
            listed = [("limit", "1"), *(("expand[]", f"data.{name}") for name in EXPANDED)]
            _ask(ctx, "GET", f"{SESSIONS}?{urlencode(listed)}")
            setting = "flow" if ctx.config.get("flow") else "return_url"
            for return_url in return_urls:
                form = {**_wanted(ctx), "return_url": return_url, "metadata[readmit]": "test"}
                made = _ask(ctx, "POST", SESSIONS, form)
                _ask(ctx, "POST", f"{SESSIONS}/{text_of(made, 'id', longest=200)}/cancel", {})
        except PartnerAuthFailed as error:
            return [ConfigProblem("api_key", error.code, error.answered)]
        except BadConfig as error:
            return [ConfigProblem(error.setting or setting, error.code, error.answered)]
        except (RequestRejected, ContractBroken, SessionOver) as error:
            return [ConfigProblem(setting, error.code, error.answered or str(error.http_status or ""))]
        return []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """The same attempt is the same session at Stripe, however often the answer was lost."""
        if request.earlier is not None and request.earlier.partner_ref:
            ref = request.earlier
            made = _ask(ctx, "GET", f"{SESSIONS}/{ref.partner_ref}")
        else:
            form = {
                **_wanted(ctx),
                "client_reference_id": str(request.attempt_id),
                "return_url": with_state(request.return_url, request.return_state),
            }
            made = _ask(ctx, "POST", SESSIONS, form, key=f"readmit-{request.attempt_id}")
            ref = SessionRef(request.attempt_id, text_of(made, "id", longest=200), ctx.now, {})
        _require_own(made, ref)
        return Started(
            ref=ref,
            url=PARTNER.require_own(made.get("url"), "link_elsewhere"),
            expires_at=ctx.now + LINK_LIFE,
        )

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """What must hold: 1. the session is the one that was asked for, and was made for this attempt; 2. every word of it
        is known."""
        query = urlencode([("expand[]", name) for name in EXPANDED])
        session = _ask(ctx, "GET", f"{SESSIONS}/{ref.partner_ref}?{query}")
        _require_own(session, ref)  # 1
        record = {name: value for name, value in session.items() if name not in VOLATILE}
        answer = read_session(session, ref.partner_ref, digest_of(record))  # 2
        # A simulator proves nothing, whatever it says of itself.
        return replace(answer, sandbox=answer.sandbox or PARTNER.is_simulated(ctx))

    def receive(self, ctx: Ctx, inbound: InboundHook) -> Signal:
        """What must hold: 1. the signature, over the bytes as they came; 2. the shape of an event. An event about something
        else is taken in and means nothing."""
        verify_timestamped(
            inbound.headers.get("stripe-signature", ""),
            inbound.body,
            secret=ctx.secrets.get(self.webhook_secret, ""),
            now=ctx.now,
        )  # 1
        event = read_object(HttpReply(200, {}, inbound.body))  # 2
        event_id = text_of(event, "id", longest=200)
        if not text_of(event, "type", longest=200).startswith(EVENTS):
            return Signal(event_id)
        about = mapping(mapping(event.get("data"), "event_unusable").get("object"), "event_unusable")
        return Signal(event_id, text_of(about, "id", longest=200))

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        """A link of a minute to one file. The link is good without the key, so the key is not sent to it."""
        until = int((ctx.now + PICTURE_LIFE).timestamp())
        link = _ask(ctx, "POST", "/v1/file_links", {"file": item.key, "expires_at": str(until)})
        return fetch_picture(ctx, PARTNER.require_own(link.get("url"), "picture_elsewhere"), {})

    def erase(self, ctx: Ctx, ref: SessionRef) -> ErasureReceipt:
        """Redaction takes Stripe up to four days; one that was asked for is looked at, not asked for again."""
        try:
            session = _ask(ctx, "GET", f"{SESSIONS}/{ref.partner_ref}")
            if session.get("redaction") is None:
                session = _ask(ctx, "POST", f"{SESSIONS}/{ref.partner_ref}/redact", {})
        except SessionOver:
            return ErasureReceipt(complete=True)
        status = mapping(session.get("redaction"), "redaction_missing").get("status")
        if status not in REDACTING:
            raise ContractBroken("redaction_unknown")
        return ErasureReceipt(complete=status == "redacted")

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        try:
            _ask(ctx, "POST", f"{SESSIONS}/{ref.partner_ref}/cancel", {})
        except (RequestRejected, SessionOver):
            return  # only a session that waits for the person can be canceled; any other is over


def _wanted(ctx: Ctx) -> dict[str, str]:
    flow = str(ctx.config.get("flow") or "")
    if flow:
        return {"verification_flow": flow}
    return {
        "type": "document",
        "options[document][require_live_capture]": "true",
        "options[document][require_matching_selfie]": "true",
    }


def _ask(
    ctx: Ctx, method: str, target: str, form: Mapping[str, str] | None = None, *, key: str = ""
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key_of(ctx)}", "Stripe-Version": VERSION}
    if key:
        headers["Idempotency-Key"] = key
    reply = ctx.http.send(method, PARTNER.base_of(ctx) + target, headers=headers, form=form)
    if reply.status != 200:
        raise _fault(reply)
    return object_of(reply)


def _fault(reply: HttpReply) -> AdapterError:
    """Stripe's error object: `error.code` where there is one, else `error.type`."""
    try:
        told = json.loads(reply.body)["error"]
        answered = code_word(told.get("code") or told.get("type"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        answered = "unreadable"
    return fault_of(reply, answered)


def _require_own(session: Mapping[str, Any], ref: SessionRef) -> None:
    if session.get("object") != "identity.verification_session":
        raise ContractBroken("session_unusable")
    if session.get("id") != ref.partner_ref or session.get("client_reference_id") != str(ref.attempt_id):
        raise StateMismatch("record_of_another_session")
