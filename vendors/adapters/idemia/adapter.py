"""IDEMIA ID&V (GIPS): an identity that collects evidence, captured on the tenant's own page, and its record as the answer.

Read from the public samples of the service's API; what they leave open is marked `reconstructed` in the listing, and the way
to the capture page is our published profile (CAPTURE.md beside this file; decision 0071). Settings: api_base, capture_page,
business_id, level, after_answer; secret: api_key (the one for relying services). There is no idempotency key: an answer
that was lost leaves an identity behind that nobody visits, and that IDEMIA discards by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from vendors.adapters.idemia.identity import decide, is_being_judged
from vendors.adapters.idemia.parts import first_part, form_of
from vendors.adapters.oidc.answers import is_web_address, text_of
from vendors.adapters.pictures import MAX_PORTRAIT, require_jpeg
from vendors.adapters.rest.api import Partner, code_word, digest_of, fault_of, key_of, object_of, with_state
from vendors.adapters.values import mapping
from vendors.contract import (
    AdapterError,
    BadConfig,
    ConfigProblem,
    ContractBroken,
    Ctx,
    ErasureReceipt,
    HttpReply,
    Listing,
    Manifest,
    MediaRef,
    PartnerAuthFailed,
    Phase,
    RequestRejected,
    SessionOver,
    SessionRef,
    Snapshot,
    Started,
    StartRequest,
    StateMismatch,
)

PARTNER = Partner("https://ipv-api-v2-eu-service.dsa.idemia.io/gips/v1", frozenset({".idemia.io"}))
LEVELS = ("LOA1", "LOA2", "LOA3", "LOA4")
MAX_PROOF = 30_000_000
_ID = re.compile(r"[A-Za-z0-9_-]{8,100}\Z")


@dataclass(frozen=True, slots=True)
class IdemiaAdapter:
    """`Fetches`, `GivesMedia` and `Erases`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Asks for the countries, then makes an identity that nobody visits and ends it: that proves the key, the address and
        the business ID. The capture page is the tenant's own, and is not called."""
        setting = "api_key"
        try:
            _capture_page(ctx)
            _wanted_level(ctx)
            _list(ctx, "/supported-evidence/countries")
            setting = "business_id" if ctx.config.get("business_id") else "api_key"
            nobody = UUID(bytes=ctx.random(16))
            self.erase(ctx, SessionRef(nobody, _make(ctx), ctx.now, {}))
        except PartnerAuthFailed as error:
            return [ConfigProblem("api_key", error.code, error.answered or str(error.http_status))]
        except BadConfig as error:
            return [ConfigProblem(error.setting or setting, error.code, error.answered)]
        except (RequestRejected, ContractBroken, SessionOver) as error:
            return [ConfigProblem(setting, error.code, error.answered or str(error.http_status or ""))]
        return []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """An identity with the person's consent to have their face captured, which they gave before this is called."""
        page = _capture_page(ctx)
        if request.earlier is not None and request.earlier.partner_ref:
            ref = request.earlier
            _status(ctx, ref)
        else:
            ref = SessionRef(request.attempt_id, _make(ctx), ctx.now, {})
            consent = {
                "approved": True,
                "type": "PORTRAIT",
                "validityPeriod": {"from": ctx.now.date().isoformat()},
            }
            _list(ctx, f"{_path(ref)}/consents", json.dumps([consent]).encode())
        back = with_state(request.return_url, request.return_state)
        query = urlencode({"identity": ref.partner_ref, "return": back})
        return Started(ref=ref, url=f"{page}{'&' if '?' in page else '?'}{query}")

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """What must hold: 1. nothing of it is being judged, by software or a person; 2. the record is the one that was asked
        for; 3. every word of its evidence is known."""
        if is_being_judged(_status(ctx, ref)):  # 1
            return Snapshot(Phase.PROCESSING, None, partner_ref=ref.partner_ref)
        record = _ask(ctx, "GET", f"{_path(ref)}?detailed=true")
        _require_own(record, ref)  # 2
        answer = decide(record, ref.partner_ref, digest_of(record), wanted=_wanted_level(ctx))  # 3
        return replace(answer, sandbox=PARTNER.is_simulated(ctx))

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        """The captured portrait: the first part of a multipart answer."""
        reply = _send(ctx, "GET", f"{_path(ref)}/attributes/portrait/capture", max_bytes=2 * MAX_PORTRAIT)
        if reply.status != 200:
            raise _fault(reply)
        picture = first_part(reply, longest=MAX_PORTRAIT)
        require_jpeg(picture)
        return picture

    def erase(self, ctx: Ctx, ref: SessionRef) -> ErasureReceipt:
        """Asking for the proof ends the transaction and discards its data. The proof itself is not kept: it holds pictures.
        403: it is still being judged."""
        reply = _send(ctx, "GET", f"{_path(ref)}/proof", max_bytes=MAX_PROOF)
        if reply.status == 403:
            return ErasureReceipt(complete=False)
        if reply.status not in (200, 404, 410):
            raise _fault(reply)
        return ErasureReceipt(complete=True)


def _make(ctx: Ctx) -> str:
    business_id = str(ctx.config.get("business_id") or "")
    context = [{"key": "BUSINESS_ID", "value": business_id}] if business_id else []
    body, kind = form_of({"context": json.dumps(context)}, ctx.random(16).hex())
    made = object_of(_good(_send(ctx, "POST", "/identities", body=body, kind=kind)))
    found = text_of(made, "id", longest=100)
    if not _ID.match(found):
        raise ContractBroken("identity_unusable")
    return found


def _status(ctx: Ctx, ref: SessionRef) -> Mapping[str, Any]:
    status = _ask(ctx, "GET", f"{_path(ref)}/status")
    _require_own(status, ref)
    return status


def _require_own(record: Mapping[str, Any], ref: SessionRef) -> None:
    whole = mapping(record.get("globalStatus"), "status_missing")
    if whole.get("id") != ref.partner_ref:
        raise StateMismatch("record_of_another_session")


def _path(ref: SessionRef) -> str:
    return f"/identities/{quote(ref.partner_ref, safe='')}"


def _ask(ctx: Ctx, method: str, target: str) -> dict[str, Any]:
    return object_of(_good(_send(ctx, method, target)))


def _list(ctx: Ctx, target: str, body: bytes | None = None) -> list[Any]:
    """An array, of which only that it is one is read."""
    reply = _good(_send(ctx, "GET" if body is None else "POST", target, body=body))
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise ContractBroken("answer_not_json") from None
    if not isinstance(found, list):
        raise ContractBroken("answer_unusable")
    return found


def _send(
    ctx: Ctx,
    method: str,
    target: str,
    *,
    body: bytes | None = None,
    kind: str = "application/json",
    max_bytes: int = 1_000_000,
) -> HttpReply:
    headers = {"apikey": key_of(ctx)}
    if body is not None:
        headers["Content-Type"] = kind
    return ctx.http.send(
        method, PARTNER.base_of(ctx) + target, headers=headers, body=body, max_bytes=max_bytes
    )


def _good(reply: HttpReply) -> HttpReply:
    if reply.status not in (200, 201):
        raise _fault(reply)
    return reply


def _fault(reply: HttpReply) -> AdapterError:
    """The first of `errors`, by its code; the samples show no other shape."""
    try:
        answered = code_word(json.loads(reply.body)["errors"][0]["code"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        answered = "unreadable"
    return fault_of(reply, answered)


def _capture_page(ctx: Ctx) -> str:
    """https, or this machine where somebody develops: the person is sent there with a word that opens their capture."""
    page = str(ctx.config.get("capture_page") or "")
    parts = urlsplit(page) if is_web_address(page) else None
    host = (parts.hostname or "") if parts else ""
    here = host == "localhost" or host.endswith(".localhost")
    if parts is None or parts.fragment or parts.username or not (parts.scheme == "https" or here):
        raise BadConfig("capture_page_unusable", setting="capture_page")
    return page


def _wanted_level(ctx: Ctx) -> int:
    level = str(ctx.config.get("level") or "LOA2")
    if level not in LEVELS:
        raise BadConfig("level_unknown", setting="level")
    return int(level[-1])
