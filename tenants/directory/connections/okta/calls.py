"""A token of the organisation's own authorization server, and calls of its API with it.

Protects the key and the token (neither is in a log, an error or a repr) and us from answers of any size and shape. Every token
is bound to a key that is made for it; an organisation that asks for no such binding gives an ordinary bearer token instead.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.kit import clock, http
from portal.kit.errors import Unavailable
from portal.kit.remote import RemoteRefused, Token, read_json, read_object, require_well
from tenants.directory.connections.contract import Credentials
from tenants.directory.connections.okta import addresses, proofs

TIMEOUT = 10.0
MAX_TOKEN = 100_000
MAX_ANSWER = 1_000_000
LONGEST_LIFE = timedelta(hours=24)
READ_PEOPLE, READ_GROUPS = "okta.users.read", "okta.groups.read"
MANAGE, READ_AUTHENTICATORS = "okta.users.manage", "okta.authenticators.read"
# Asked for one after another: an organisation grants all of what is asked for, or nothing.
SCOPES = (
    (READ_PEOPLE, READ_GROUPS, READ_AUTHENTICATORS, MANAGE),
    (READ_PEOPLE, READ_GROUPS),
    (READ_PEOPLE,),
    (READ_GROUPS,),
)
# What is granted lies in the token, and in the answer beside it.
GRANTS = {"methods": frozenset({MANAGE}), "sessions": frozenset({MANAGE})}
_TOKEN = re.compile(r"[\x21-\x7e]{1,20000}")
_NONCE = re.compile(r"[\x21-\x7e]{1,500}")
_PROBLEMS = {
    "invalid_client": "key_unknown",
    "invalid_scope": "scopes_missing",
    "invalid_dpop_proof": "proof_refused",
    "access_denied": "blocked_by_policy",
    "unauthorized_client": "client_unknown",
}


def fetch_token(credentials: Credentials) -> Token:
    """With as many scopes as the application was granted."""
    for wanted in SCOPES:
        try:
            return _fetch(credentials, " ".join(wanted))
        except RemoteRefused as refused:
            if refused.code != "scopes_missing":
                raise
    raise RemoteRefused("scopes_missing", http_status=400)


def _fetch(credentials: Credentials, scope: str) -> Token:
    url, key = addresses.token_url(credentials.settings["host"]), proofs.new_token_key()
    reply = _ask(credentials, url, scope, key, nonce="")
    nonce = reply.headers.get("dpop-nonce", "")
    if reply.status == 400 and _NONCE.fullmatch(nonce) and _error(reply) == "use_dpop_nonce":
        reply = _ask(credentials, url, scope, key, nonce=nonce)
    body = read_object(reply)
    if reply.status != 200:
        raise RemoteRefused(_PROBLEMS.get(str(body.get("error")), "token_refused"), http_status=reply.status)
    return _token(body, key)


def _ask(credentials: Credentials, url: str, scope: str, key: str, *, nonce: str) -> http.Reply:
    client_id = credentials.settings["client_id"]
    assertion = proofs.make_assertion(credentials.secret, client_id=client_id, audience=url, now=clock.now())
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": proofs.ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    proof = proofs.make_proof(key, method="POST", url=url, now=clock.now(), nonce=nonce)
    headers = {"DPoP": proof, "Accept": "application/json"}
    reply = http.send("POST", url, form=form, headers=headers, timeout=TIMEOUT, max_bytes=MAX_TOKEN)
    require_well(reply)
    return reply


def _error(reply: http.Reply) -> str:
    return str(read_object(reply).get("error"))


def _token(body: Mapping[str, Any], key: str) -> Token:
    value, life, kind = body.get("access_token"), body.get("expires_in"), str(body.get("token_type")).lower()
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or kind not in ("dpop", "bearer"):
        raise Unavailable("token_unusable")
    if isinstance(life, bool) or not isinstance(life, int) or life <= 0:
        raise Unavailable("token_unusable")
    expires_at = clock.now() + min(timedelta(seconds=life), LONGEST_LIFE)
    grants = _unverified_grants(value) | frozenset(str(body.get("scope", "")).split())
    return Token(value, expires_at, grants, key if kind == "dpop" else "")


def _unverified_grants(value: str) -> frozenset[str]:
    try:
        middle = value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return frozenset(scope for scope in claims.get("scp", ()) if isinstance(scope, str))
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError):
        return frozenset()


# Calls -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caller:
    """An organisation and a token in hand."""

    host: str
    token: Token = field(repr=False)

    def send(
        self,
        method: str,
        url: str,
        *,
        what: str,
        body: Mapping[str, Any] | None = None,
        timeout: float = TIMEOUT,
        max_bytes: int = MAX_ANSWER,
    ) -> http.Reply:
        """`what` is the part of the test that a refusal is told as. Busy, RemoteRefused; 404 and the rest go back."""
        headers = {"Accept": "application/json"}
        if self.token.key:
            headers["Authorization"] = f"DPoP {self.token.value}"
            headers["DPoP"] = proofs.make_proof(
                self.token.key, method=method, url=url, now=clock.now(), token=self.token.value
            )
        else:
            headers["Authorization"] = f"Bearer {self.token.value}"
        sent = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            sent = json.dumps(body).encode()
        reply = http.send(method, url, headers=headers, body=sent, timeout=timeout, max_bytes=max_bytes)
        require_well(reply)
        if reply.status == 401:
            raise RemoteRefused("token_rejected", http_status=401)
        if reply.status == 403:
            raise RemoteRefused(f"permission_missing_{what}", http_status=403)
        return reply


def read_list(reply: http.Reply) -> list[Any]:
    """An answer of 200 as a JSON array. RemoteRefused for another status, Unavailable for something else."""
    if reply.status != 200:
        raise RemoteRefused("request_refused", http_status=reply.status)
    body = read_json(reply)
    if not isinstance(body, list):
        raise Unavailable("answer_unusable")
    return body
