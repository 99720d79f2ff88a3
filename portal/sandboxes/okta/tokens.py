"""The organisation's authorization server: private_key_jwt (RFC 7523), DPoP (RFC 9449), and the tokens it gives."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal.sandboxes.okta import jose
from portal.sandboxes.okta.errors import TokenRefused, denied, unauthenticated
from portal.sandboxes.okta.world import APPLICATIONS, WORLD, Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE = 3600
LONGEST_ASSERTION = 3600
SKEW = 300


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    try:
        if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
            raise TokenRefused(400, "invalid_request", "The request has to be a form sent by POST.")
        with WORLD.lock:
            WORLD.calls.append("POST /oauth2/v1/token")
            return JsonResponse(_given(request), headers={"Cache-Control": "no-store"})
    except TokenRefused as refused:
        return refused.answer()


def _given(request: HttpRequest) -> dict[str, Any]:
    form = {name: request.POST.getlist(name) for name in request.POST}
    if any(len(values) > 1 for values in form.values()):
        raise TokenRefused(400, "invalid_request", "A parameter is repeated.")
    said = {name: values[0] for name, values in form.items()}
    if said.get("grant_type") != "client_credentials":
        raise TokenRefused(
            400, "unsupported_grant_type", "The grant type is not supported by the application."
        )
    if "client_secret" in said or request.headers.get("Authorization"):
        raise TokenRefused(401, "invalid_client", "Client authentication has to be private_key_jwt.")
    application = _authenticated(said)
    key = _proven(request, application)
    wanted = said.get("scope", "").split()
    if not wanted or not set(wanted) <= set(application.scopes):
        raise TokenRefused(400, "invalid_scope", "One or more scopes are not granted to the application.")
    return _made(application, wanted, key)


def _authenticated(said: dict[str, str]) -> Application:
    if said.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefused(401, "invalid_client", "The client_assertion_type is missing or invalid.")
    try:
        header, claims, signed, signature = jose.parts(said.get("client_assertion", ""))
        application = next((one for one in APPLICATIONS if one.client_id == claims.get("iss")), None)
        if application is None or claims.get("sub") != claims.get("iss"):
            raise jose.BadToken("the issuer is no application, or not the subject")
        keys = [
            one for one in WORLD.keys.get(application.client_id, ()) if one.get("kid") == header.get("kid")
        ]
        if not keys:
            raise jose.BadToken("the key is not registered")
        jose.verify(keys[0], str(header.get("alg")), signed, signature)
        _timely(claims, f"{settings.SANDBOX_ORIGIN}/oauth2/v1/token")
    except jose.BadToken as error:
        raise TokenRefused(401, "invalid_client", f"The client_assertion is invalid: {error}.") from error
    return application


def _timely(claims: dict[str, Any], audience: str) -> None:
    now = WORLD.now()
    if claims.get("aud") != audience:
        raise jose.BadToken("the audience is not this endpoint")
    if not isinstance(claims.get("exp"), int) or not now - SKEW < claims["exp"] < now + LONGEST_ASSERTION:
        raise jose.BadToken("it has expired, or lives longer than an hour")
    _spend(claims)


def _spend(claims: dict[str, Any]) -> None:
    name = claims.get("jti")
    if not isinstance(name, str) or not name or name in WORLD.spent:
        raise jose.BadToken("the jti is missing or was used")
    WORLD.spent.add(name)


# Proof of possession -----------------------------------------------------------------------------------------------


def read_proof(request: HttpRequest, *, url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its public key and its claims. BadToken."""
    header, claims, signed, signature = jose.parts(request.headers.get("DPoP", ""))
    jwk = header.get("jwk")
    if header.get("typ") != "dpop+jwt" or not isinstance(jwk, dict) or jose.PRIVATE & set(jwk):
        raise jose.BadToken("a proof has the type dpop+jwt and a public key")
    jose.verify(jwk, str(header.get("alg")), signed, signature)
    if claims.get("htm") != request.method or claims.get("htu") != url:
        raise jose.BadToken("the proof is for another request")
    if not isinstance(claims.get("iat"), int) or abs(WORLD.now() - claims["iat"]) > SKEW:
        raise jose.BadToken("the proof was not made now")
    _spend(claims)
    return jwk, claims


def _proven(request: HttpRequest, application: Application) -> str:
    """The thumbprint of the key that the token is bound to; empty for a bearer's token."""
    if "DPoP" not in request.headers:
        if application.needs_proof:
            raise TokenRefused(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.")
        return ""
    try:
        jwk, claims = read_proof(request, url=f"{settings.SANDBOX_ORIGIN}/oauth2/v1/token")
    except jose.BadToken as error:
        raise TokenRefused(400, "invalid_dpop_proof", f"The DPoP proof is invalid: {error}.") from error
    if not application.needs_proof:
        return ""
    if claims.get("nonce") != WORLD.nonce:
        text = "Authorization server requires nonce in DPoP proof."
        raise TokenRefused(400, "use_dpop_nonce", text, headers={"DPoP-Nonce": WORLD.nonce})
    return jose.thumbprint(jwk)


# Tokens ------------------------------------------------------------------------------------------------------------


def _sign(text: str) -> str:
    return jose.encoded(hmac.digest(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256))


def _made(application: Application, scopes: list[str], key: str) -> dict[str, Any]:
    life = int(WORLD.faults.get("short_token", LIFE))
    payload: dict[str, Any] = {
        "ver": 1,
        "jti": f"AT.{secrets.token_urlsafe(12)}",
        "iss": settings.SANDBOX_ORIGIN,
        "aud": settings.SANDBOX_ORIGIN,
        "sub": application.client_id,
        "cid": application.client_id,
        "iat": int(time.time()),
        "exp": int(time.time()) + life,
        "scp": scopes,
    }
    if key:
        payload["cnf"] = {"jkt": key}
    # The real ones are signed with RS256; nobody but us reads these.
    head = jose.encoded(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    body = f"{head}.{jose.encoded(json.dumps(payload).encode())}"
    kind = "DPoP" if key else "Bearer"
    return {
        "token_type": kind,
        "expires_in": life,
        "access_token": f"{body}.{_sign(body)}",
        "scope": " ".join(scopes),
    }


def scopes_of(request: HttpRequest) -> set[str]:
    """What the holder of the token may do. OktaError 401 for one that is missing, over, or in other hands."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    body, _, signature = text.rpartition(".")
    if not body or not hmac.compare_digest(_sign(body).encode(), signature.encode()):
        raise unauthenticated("The token is not one of this organisation's.")
    payload: dict[str, Any] = json.loads(jose.decoded(body.partition(".")[2]))
    if payload["exp"] <= time.time():
        raise unauthenticated("The token has expired.")
    bound = payload.get("cnf", {}).get("jkt")
    if bound is None:
        if scheme != "Bearer":
            raise unauthenticated("The token is a bearer's.", scheme="Bearer")
        return set(payload["scp"])
    if scheme != "DPoP":
        raise unauthenticated("The token is bound to a key.")
    try:
        jwk, claims = read_proof(request, url=f"{settings.SANDBOX_ORIGIN}{request.path}")
    except jose.BadToken as error:
        raise unauthenticated(f"The DPoP proof is invalid: {error}.") from error
    if jose.thumbprint(jwk) != bound:
        raise unauthenticated("The proof is by another key.")
    if claims.get("ath") != jose.encoded(hashlib.sha256(text.encode()).digest()):
        raise unauthenticated("The proof is for another token.")
    return set(payload["scp"])


def require(request: HttpRequest, *any_of: str) -> None:
    if not set(any_of) & scopes_of(request):
        raise denied()
