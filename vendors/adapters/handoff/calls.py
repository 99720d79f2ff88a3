"""Our calls to a partner's hand-off service: what is signed, where it goes, and whose fault it is when nothing comes back.

Every call carries a JWT of ours (RFC 7515) that names the one address and the one session it is for, and lives a minute: who
reads one can repeat that call for a minute and make no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, OctKey, import_key

from vendors.adapters.oidc.answers import is_web_address, origin_of, read_object
from vendors.adapters.oidc.client import url_safe
from vendors.contract import (
    AdapterError,
    BadConfig,
    ContractBroken,
    Ctx,
    HttpReply,
    IssuerUntrusted,
    PartnerAuthFailed,
    PartnerDown,
    RateLimited,
    RequestRejected,
    SessionOver,
)

LIFETIME = timedelta(seconds=60)
MAX_ANSWER = 900_000
SIGNERS = {"EC": "ES256", "RSA": "PS256"}
# The words of the profile (section 6); anything else that stands in their place is not quoted.
ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_request",
        "unknown_session",
        "session_decided",
        "rate_limited",
        "payment_required",
    }
)


def service_of(ctx: Ctx) -> str:
    """The partner's base address. BadConfig for one that cannot be."""
    service = str(ctx.config.get("service") or "").rstrip("/")
    if not is_web_address(service) or "?" in service:
        raise BadConfig("service_unusable", setting="service")
    return service


def client_id(ctx: Ctx) -> str:
    value = str(ctx.config.get("client_id") or "")
    if not value:
        raise BadConfig("client_id_missing", setting="client_id")
    return value


def credential_setting(ctx: Ctx) -> str:
    return "private_key" if ctx.secrets.get("private_key") else "client_secret"


def _signer(ctx: Ctx) -> tuple[Key, str]:
    if ctx.secrets.get("private_key"):
        try:
            key = import_key(json.loads(ctx.secrets["private_key"]))
            return key, SIGNERS[key.key_type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise BadConfig("private_key_unusable", setting="private_key") from error
    secret = ctx.secrets.get("client_secret", "")
    if not secret:
        raise BadConfig("client_secret_missing", setting="client_secret")
    return OctKey.import_key(secret), "HS256"


def signed(ctx: Ctx, claims: Mapping[str, Any]) -> str:
    """A JWT of ours for this partner (section 2 of the profile)."""
    key, algorithm = _signer(ctx)
    header = {"alg": algorithm, "typ": "JWT"}
    if algorithm != "HS256":
        header["kid"] = key.kid or key.thumbprint()
    whole = {
        "iss": client_id(ctx),
        "aud": service_of(ctx),
        "iat": int(ctx.now.timestamp()),
        "exp": int((ctx.now + LIFETIME).timestamp()),
        "jti": url_safe(ctx.random(16)),
        **claims,
    }
    return jws.serialize_compact(header, json.dumps(whole), key, algorithms=[algorithm])


def create(ctx: Ctx, request: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /sessions` (section 3). The request is inside the signature."""
    body = json.dumps({"request": signed(ctx, request)}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    reply = ctx.http.send(
        "POST", f"{service_of(ctx)}/sessions", headers=headers, body=body, max_bytes=MAX_ANSWER
    )
    if reply.status not in (200, 201):
        raise _fault(reply)
    return read_object(reply)


def about(ctx: Ctx, method: str, session_id: str, what: str = "") -> HttpReply:
    """A call about one session; the answer is a success."""
    path = f"/sessions/{quote(session_id, safe='')}{what}"
    token = signed(ctx, {"sub": session_id, "htm": method, "htu": service_of(ctx) + path})
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    reply = ctx.http.send(method, service_of(ctx) + path, headers=headers, max_bytes=MAX_ANSWER)
    if reply.status not in (200, 204):
        raise _fault(reply)
    return reply


def require_own(ctx: Ctx, url: object) -> str:
    """Where the person is sent lies at the partner. IssuerUntrusted for any other host."""
    if not isinstance(url, str) or len(url) > 4_000 or not is_web_address(url):
        raise ContractBroken("link_unusable")
    if origin_of(url) != origin_of(service_of(ctx)):
        raise IssuerUntrusted("link_elsewhere")
    return url


def _fault(reply: HttpReply) -> AdapterError:
    try:
        told = json.loads(reply.body).get("error")
    except (ValueError, AttributeError, RecursionError):
        told = None
    answered = told if isinstance(told, str) and told in ERRORS else "unreadable"
    about_it: dict[str, Any] = {"answered": answered, "http_status": reply.status}
    if reply.status == 429:
        return RateLimited("rate_limited", **about_it)
    if reply.status >= 500 or reply.status == 408:
        return PartnerDown("partner_down", **about_it)
    if reply.status in (401, 403):
        return PartnerAuthFailed("client_refused", **about_it)
    if reply.status == 402:
        return BadConfig("partner_unpaid", setting="client_id", **about_it)
    if reply.status in (404, 410):
        return SessionOver("session_unknown", **about_it)
    return RequestRejected("session_refused", **about_it)
