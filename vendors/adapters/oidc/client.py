"""Requests that carry our client's credentials: pushed authorization (RFC 9126) and the code exchange (RFC 6749)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from vendors.adapters.oidc.answers import fault_of, read_object, text_of
from vendors.adapters.oidc.discovery import Provider
from vendors.contract import BadConfig, ContractBroken, Ctx, HttpReply

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = timedelta(seconds=60)
SIGNERS = {"EC": "ES256", "RSA": "PS256"}


def url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def challenge_of(code_verifier: str) -> str:
    """S256 (RFC 7636, section 4.2)."""
    return url_safe(hashlib.sha256(code_verifier.encode()).digest())


def push_request(ctx: Ctx, provider: Provider, parameters: Mapping[str, str]) -> tuple[str, int]:
    """(request_uri, seconds it lives). The parameters go as a form, as RFC 9126 section 2.1 has it."""
    reply = _post(ctx, provider, provider.pushed_authorization_request_endpoint, parameters)
    if reply.status not in (200, 201):
        raise fault_of(reply)
    answer = read_object(reply)
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or not 0 < lifetime <= 86_400:
        raise ContractBroken("request_lifetime_unusable")
    return text_of(answer, "request_uri"), lifetime


def authorization_url(ctx: Ctx, provider: Provider, request_uri: str) -> str:
    query = urlencode({"client_id": client_id(ctx), "request_uri": request_uri})
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{joint}{query}"


def exchange_code(
    ctx: Ctx, provider: Provider, *, code: str, code_verifier: str, redirect_uri: str
) -> dict[str, Any]:
    """The token response, unverified. SessionOver when the code is used up."""
    parameters = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
    }
    reply = _post(ctx, provider, provider.token_endpoint, parameters)
    if reply.status != 200:
        raise fault_of(reply)
    return read_object(reply)


def client_id(ctx: Ctx) -> str:
    value = str(ctx.config.get("client_id", ""))
    if not value:
        raise BadConfig("client_id_missing", setting="client_id")
    return value


def _post(ctx: Ctx, provider: Provider, url: str, parameters: Mapping[str, str]) -> HttpReply:
    headers = {"Accept": "application/json"}
    form = {**parameters, "client_id": client_id(ctx)}
    if ctx.secrets.get("private_key"):
        form["client_assertion_type"] = ASSERTION_TYPE
        form["client_assertion"] = _assertion(ctx, provider)
    else:
        headers["Authorization"] = _basic(ctx)
    return ctx.http.send("POST", url, headers=headers, form=form, max_bytes=400_000)


def _basic(ctx: Ctx) -> str:
    """RFC 6749, section 2.3.1: both halves are form-encoded before they are joined."""
    secret = ctx.secrets.get("client_secret", "")
    if not secret:
        raise BadConfig("client_secret_missing", setting="client_secret")
    pair = f"{quote(client_id(ctx), safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _assertion(ctx: Ctx, provider: Provider) -> str:
    """private_key_jwt (OpenID Connect Core, section 9); the audience is the issuer, as later security advice has it."""
    try:
        key = import_key(json.loads(ctx.secrets["private_key"]))
        algorithm = SIGNERS[key.key_type]
        header = {"alg": algorithm, "typ": "JWT", "kid": key.kid or key.thumbprint()}
        claims = {
            "iss": client_id(ctx),
            "sub": client_id(ctx),
            "aud": provider.issuer,
            "jti": url_safe(ctx.random(16)),
            "iat": int(ctx.now.timestamp()),
            "exp": int((ctx.now + ASSERTION_LIFETIME).timestamp()),
        }
        return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise BadConfig("private_key_unusable", setting="private_key") from error
