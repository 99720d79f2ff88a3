"""A client pushes what it asks for (RFC 9126): checked whole before anybody's browser comes.

Protects people from requests that nobody answers for: only a client that proved itself can make one, for an address that it
registered, with PKCE, and for claims that are proven here. What it does not do: begin anything that costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portal.kit import clock
from portal.kit.codes import digest, keyed_digest, new_token
from portal.kit.scope import current_tenant_id
from vendors.bridge.asked import Asked, read_claims
from vendors.bridge.errors import OAuthError, invalid_request
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.bridge.sealing import Bond, seal_bond

REQUEST_LIFE = timedelta(seconds=90)
TRIAL_LIFE = timedelta(minutes=10)
URN = "urn:ietf:params:oauth:request_uri:"
MAX_STATE = 2_048
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_SECONDS = re.compile(r"[0-9]{1,10}\Z")
_VISIBLE = re.compile(r"[\x20-\x7e]*\Z")


def push_request(client: BridgeClient, form: Mapping[str, Any]) -> tuple[str, int]:
    """(request_uri, seconds it lives). In the tenant's scope. What must hold, in the order of what a client gets wrong:
    1. the client may ask now; 2. nothing that is not taken here; 3. a code, for a registered address, to the letter;
    4. openid is in the scope; 5. PKCE with S256; 6. state and nonce can be kept; 7. the claims can be answered."""
    if client.paused_at is not None:  # 1
        raise OAuthError("unauthorized_client", "This client is paused.", why="client_paused")
    if "request" in form or "request_uri" in form:  # 2
        raise invalid_request("Request objects are not taken: send the parameters.", why="request_object")
    if _text(form, "response_mode") not in ("", "query"):
        raise invalid_request("The answer comes in the query alone.", why="response_mode")
    _require_presence(form)
    if _text(form, "response_type") != "code":  # 3
        raise OAuthError("unsupported_response_type", "response_type has to be code.")
    redirect_uri = _text(form, "redirect_uri")
    if redirect_uri not in client.redirect_uris:
        raise invalid_request("redirect_uri is not registered for this client.", why="redirect_uri")
    if "openid" not in _text(form, "scope").split(" "):  # 4
        raise OAuthError("invalid_scope", "scope has to hold openid.")
    challenge = _text(form, "code_challenge")
    if _text(form, "code_challenge_method") != "S256" or not _CHALLENGE.match(challenge):  # 5
        raise invalid_request("PKCE with S256 is needed.", why="pkce")
    state, nonce = _kept(form, "state"), _kept(form, "nonce")  # 6
    if not nonce:
        raise invalid_request("nonce is needed.", why="nonce")
    if not state and client.serves != BridgeClient.Serves.AUTH0:
        raise invalid_request("state is needed.", why="state")
    asked = read_claims(  # 7
        form.get("claims"), allowed=client.claims, has_to_compare=client.serves == BridgeClient.Serves.OKTA
    )
    hint = _text(form, "login_hint", longest=1_000)
    run = BridgeRun(client=client, mode=client.mode, redirect_uri=redirect_uri, code_challenge=challenge)
    if hint:
        run.hint_digest = keyed_digest(hint, context=f"bridge-hint|{current_tenant_id()}|{client.id}").hex()
    return _written(run, Bond(state, nonce, asked), REQUEST_LIFE)


def _require_presence(form: Mapping[str, Any]) -> None:
    """Everybody proves who they are here and now, so that any `max_age` is met, and without a page nobody can (OpenID Connect
    Core 1.0, 3.1.2.1)."""
    prompts = _text(form, "prompt").split(" ")
    if "none" in prompts:
        if len(prompts) > 1:
            raise invalid_request("prompt=none stands alone.", why="prompt")
        raise OAuthError(
            "login_required", "Whoever proves who they are is asked to: prompt=none cannot be met."
        )
    age = _text(form, "max_age")
    if age and not _SECONDS.match(age):
        raise invalid_request("max_age is a number of seconds.", why="max_age")


def begin_trial(client: BridgeClient, asked: Asked) -> str:
    """The request_uri of a run that no client asked for: whoever sets it up goes the whole way, and is shown the answer."""
    run = BridgeRun(client=client, mode=client.mode, is_trial=True)
    return _written(run, Bond("", "", asked), TRIAL_LIFE)[0]


def _written(run: BridgeRun, bond: Bond, life: timedelta) -> tuple[str, int]:
    token = new_token()
    run.request_digest = digest(token)
    run.expires_at = clock.now() + life
    run.asked_sealed = seal_bond(run, bond)
    run.save(force_insert=True)
    return URN + token, int(life.total_seconds())


def _text(form: Mapping[str, Any], name: str, *, longest: int = 4_000) -> str:
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise invalid_request(f"{name} is too long, or no text.", why="not_text")
    return value


def _kept(form: Mapping[str, Any], name: str) -> str:
    """Comes back as it was sent, so it is printable ASCII (RFC 6749, appendix A.5)."""
    value = _text(form, name, longest=MAX_STATE)
    if not _VISIBLE.match(value):
        raise invalid_request(f"{name} holds characters that none has.", why="not_visible")
    return value
