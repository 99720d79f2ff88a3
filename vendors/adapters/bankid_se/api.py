"""Asking BankID's relying-party interface: mutual TLS against its own root, JSON in and out.

Protects the organisation's certificate from every host that is not BankID's, and the answers from everybody whose certificate
does not lead to the root that was entered: BankID's servers are under none of the public authorities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vendors.adapters.oidc.answers import read_object
from vendors.adapters.rest.api import MAX_ANSWER, Partner
from vendors.contract import (
    AdapterError,
    BadConfig,
    ContractBroken,
    Ctx,
    HttpReply,
    MutualTls,
    PartnerAuthFailed,
    PartnerDown,
    RateLimited,
    RequestRejected,
    SessionOver,
)

PRODUCTION, TEST = "production", "test"
BASES = {
    PRODUCTION: "https://appapi2.bankid.com/rp/v6.0",
    TEST: "https://appapi2.test.bankid.com/rp/v6.0",
}
PARTNER = Partner(BASES[PRODUCTION], frozenset({"appapi2.bankid.com", "appapi2.test.bankid.com"}))
IDENTITY, ROOT = "identity", "server_root"
# Which setting a refused exchange is about.
_SETTINGS = {
    "client_certificate_unusable": IDENTITY,
    "client_certificate_of_another_key": IDENTITY,
    "client_certificate_path_broken": IDENTITY,
    "client_certificate_over": IDENTITY,
    "client_certificate_early": IDENTITY,
    "roots_unusable": ROOT,
    "server_certificate_refused": ROOT,
}
# `errorCode` of an answer that is not a success, as documented for version 6.
ERRORS = frozenset(
    {
        "alreadyInProgress",
        "invalidParameters",
        "unauthorized",
        "notFound",
        "methodNotAllowed",
        "requestTimeout",
        "unsupportedMediaType",
        "internalError",
        "maintenance",
    }
)


def environment_of(ctx: Ctx) -> str:
    named = str(ctx.config.get("environment") or PRODUCTION)
    if named not in BASES:
        raise BadConfig("environment_unknown", setting="environment")
    return named


def is_rehearsal(ctx: Ctx) -> bool:
    """A simulator, or the test environment, whose BankIDs prove nothing about anybody."""
    return bool(ctx.config.get("api_base")) or environment_of(ctx) == TEST


def _base(ctx: Ctx) -> str:
    return PARTNER.base_of(ctx) if ctx.config.get("api_base") else BASES[environment_of(ctx)]


def ask(ctx: Ctx, call: str, told: Mapping[str, Any]) -> tuple[dict[str, Any], datetime]:
    """The answer and when it came. Raises AdapterError; SessionOver for an order nobody knows any more."""
    tls = MutualTls(ctx.secrets.get(IDENTITY, ""), str(ctx.config.get(ROOT) or ""))
    try:
        reply = ctx.http.send(
            "POST",
            f"{_base(ctx)}/{call}",
            headers={"Content-Type": "application/json"},
            body=json.dumps(told).encode(),
            max_bytes=MAX_ANSWER,
            tls=tls,
        )
    except BadConfig as error:
        if error.code == "client_certificate_refused":
            raise PartnerAuthFailed(error.code, answered="tls_alert") from error
        raise BadConfig(error.code, setting=error.setting or _SETTINGS.get(error.code, "")) from error
    if reply.status != 200:
        raise _fault(reply, about_order=call in ("collect", "cancel"))
    return read_object(reply), reply.at or ctx.now


def _fault(reply: HttpReply, *, about_order: bool) -> AdapterError:
    about: dict[str, Any] = {"answered": _code(reply), "http_status": reply.status}
    if reply.status == 429:
        return RateLimited("rate_limited", **about)
    if reply.status >= 500 or reply.status == 408:
        return PartnerDown("partner_down", **about)
    if reply.status in (401, 403):
        return PartnerAuthFailed("client_certificate_refused", **about)
    # "No such order" is the one parameter of these calls that can be wrong.
    if about_order and reply.status == 400 and about["answered"] == "invalidParameters":
        return SessionOver("session_unknown", **about)
    return RequestRejected("request_refused", **about)


def _code(reply: HttpReply) -> str:
    try:
        code = read_object(reply).get("errorCode")
    except ContractBroken:
        return "unreadable"
    return code if isinstance(code, str) and code in ERRORS else "unreadable"
