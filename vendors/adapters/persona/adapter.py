"""Persona: an inquiry on Persona's page, a signed webhook, and the inquiry with its verifications as the record.

Settings: template_id, decision_status (which word of the template's is the last: approved or completed), api_base (a
simulator's address, in development); secrets: api_key, webhook_secret. Every POST carries an idempotency key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vendors.adapters.oidc.answers import read_object, text_of
from vendors.adapters.persona.inquiry import read_inquiry
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

VERSION = "2026-09-29"
PARTNER = Partner(
    "https://api.withpersona.com/api/v1",
    frozenset({"api.withpersona.com", "withpersona.com", ".withpersona.com"}),
)
LINK_LIFE = timedelta(hours=1)
SANDBOX_KEY = "persona_sandbox_"

# Fields of an inquiry by the claims they hold.
FIELDS = {"given_names": "name-first", "family_name": "name-last", "birthdate": "birthdate"}
WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 (the name of one)


@dataclass(frozen=True, slots=True)
class PersonaAdapter:
    """`Fetches`, `HandlesWebhook`, `GivesMedia`, `Cancels` and `Erases`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing
    webhook_secret: str = WEBHOOK_SECRET

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Makes an inquiry that nobody will visit and lets it expire: that proves the key, what it may do, the template and
        the return address."""
        setting = "template_id"
        try:
            _decision_status(ctx)
            for return_url in return_urls:
                nonce = ctx.random(16).hex()
                made = _make(ctx, f"test-{nonce}", return_url, key=f"readmit-test-{nonce}")
                path = f"/inquiries/{text_of(made, 'id', longest=200)}/expire"
                _ask(ctx, "POST", path, {}, key=f"readmit-test-over-{nonce}")
        except PartnerAuthFailed as error:
            return [ConfigProblem("api_key", error.code, error.answered)]
        except BadConfig as error:
            return [ConfigProblem(error.setting or setting, error.code, error.answered)]
        except (RequestRejected, ContractBroken, SessionOver) as error:
            return [ConfigProblem(setting, error.code, error.answered or str(error.http_status or ""))]
        return []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """The same attempt is the same inquiry at Persona; only a link that ran out is made anew."""
        attempt = str(request.attempt_id)
        if request.earlier is not None and request.earlier.partner_ref:
            ref, link_key = request.earlier, f"readmit-link-{ctx.random(16).hex()}"
        else:
            back = with_state(request.return_url, request.return_state)
            made = _make(ctx, attempt, back, key=f"readmit-{attempt}", expected=request.expected)
            ref = SessionRef(request.attempt_id, text_of(made, "id", longest=200), ctx.now, {})
            _require_own(made, ref)
            link_key = f"readmit-link-{attempt}"
        wanted = {"meta": {"expires-in-seconds": int(LINK_LIFE.total_seconds())}}
        path = f"/inquiries/{ref.partner_ref}/generate-one-time-link"
        answer = _ask(ctx, "POST", path, wanted, key=link_key)
        link = mapping(answer.get("meta"), "link_missing").get("one-time-link")
        return Started(
            ref=ref,
            url=PARTNER.require_own(link, "link_elsewhere"),
            expires_at=ctx.now + LINK_LIFE,
        )

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """What must hold: 1. the inquiry is the one that was asked for, and was made for this attempt; 2. every word of it
        is known."""
        answer = _ask(ctx, "GET", f"/inquiries/{ref.partner_ref}?include=verifications")
        inquiry = mapping(answer.get("data"), "inquiry_missing")
        _require_own(inquiry, ref)  # 1
        return read_inquiry(  # 2
            inquiry,
            answer.get("included", []),
            decision_status=_decision_status(ctx),
            partner_ref=ref.partner_ref,
            is_sandbox=PARTNER.is_simulated(ctx) or key_of(ctx).startswith(SANDBOX_KEY),
            digest=digest_of({"data": inquiry, "included": answer.get("included", [])}),
        )

    def receive(self, ctx: Ctx, inbound: InboundHook) -> Signal:
        """What must hold: 1. the signature, over the bytes as they came; 2. the shape of an event. An event about something
        else is taken in and means nothing."""
        verify_timestamped(
            inbound.headers.get("persona-signature", ""),
            inbound.body,
            secret=ctx.secrets.get(self.webhook_secret, ""),
            now=ctx.now,
        )  # 1
        event = mapping(read_object(HttpReply(200, {}, inbound.body)).get("data"), "event_unusable")  # 2
        event_id = text_of(event, "id", longest=200)
        attributes = mapping(event.get("attributes"), "event_unusable")
        if not text_of(attributes, "name", longest=200).startswith("inquiry."):
            return Signal(event_id)
        payload = mapping(attributes.get("payload"), "event_unusable")
        return Signal(event_id, text_of(mapping(payload.get("data"), "event_unusable"), "id", longest=200))

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        """Pictures open to the same key, which therefore goes to the partner's own hosts alone."""
        url = PARTNER.require_own(item.key, "picture_elsewhere")
        return fetch_picture(ctx, url, {"Authorization": f"Bearer {key_of(ctx)}"})

    def erase(self, ctx: Ctx, ref: SessionRef) -> ErasureReceipt:
        with suppress(SessionOver):  # it is gone
            _ask(ctx, "DELETE", f"/inquiries/{ref.partner_ref}")
        return ErasureReceipt(complete=True)

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        try:
            _ask(
                ctx, "POST", f"/inquiries/{ref.partner_ref}/expire", {}, key=f"readmit-over-{ref.attempt_id}"
            )
        except (RequestRejected, SessionOver):
            return  # it was decided or had expired


def _decision_status(ctx: Ctx) -> str:
    word = str(ctx.config.get("decision_status") or "approved")
    if word not in ("approved", "completed"):
        raise BadConfig("decision_status_unknown", setting="decision_status")
    return word


def _make(
    ctx: Ctx, reference: str, back: str, *, key: str, expected: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    template = str(ctx.config.get("template_id") or "")
    if not template:
        raise BadConfig("template_missing", setting="template_id")
    attributes: dict[str, Any] = {
        "inquiry-template-id": template,
        "reference-id": reference,
        "redirect-uri": back,
    }
    fields = {FIELDS[name]: value for name, value in (expected or {}).items()}
    if fields:
        attributes["fields"] = fields
    answer = _ask(ctx, "POST", "/inquiries", {"data": {"attributes": attributes}}, key=key)
    return mapping(answer.get("data"), "inquiry_missing")


def _ask(
    ctx: Ctx, method: str, target: str, body: Mapping[str, Any] | None = None, *, key: str = ""
) -> dict[str, Any]:
    headers = {
        "Authorization": f"Bearer {key_of(ctx)}",
        "Persona-Version": VERSION,
        "Key-Inflection": "kebab",
        "Accept": "application/json",
    }
    if key:
        headers["Idempotency-Key"] = key
    if body is not None:
        headers["Content-Type"] = "application/json"
    sent = None if body is None else json.dumps(body).encode()
    reply = ctx.http.send(method, PARTNER.base_of(ctx) + target, headers=headers, body=sent)
    if reply.status == 204:
        return {}
    if reply.status not in (200, 201):
        raise _fault(reply)
    return object_of(reply)


def _fault(reply: HttpReply) -> AdapterError:
    """JSON:API: the first error's code, else its title if that is a word."""
    try:
        told = json.loads(reply.body)["errors"][0]
        answered = code_word(told.get("code") or told.get("title"))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        answered = "unreadable"
    return fault_of(reply, answered)


def _require_own(inquiry: Mapping[str, Any], ref: SessionRef) -> None:
    attributes = mapping(inquiry.get("attributes"), "inquiry_unusable")
    if inquiry.get("type") != "inquiry":
        raise ContractBroken("inquiry_unusable")
    if inquiry.get("id") != ref.partner_ref or attributes.get("reference-id") != str(ref.attempt_id):
        raise StateMismatch("record_of_another_session")
