"""The answer's way back: a link for the browser, a code for the client, a token for the code.

Protects the answer from everybody but the client that asked: the code works once, for a minute, for that client, with the
verifier of its challenge. It is used up before anything is compared (STYLE 19), so that a wrong guess ends it. A code that comes
again is refused and written down; there is nothing to take back, for the access token opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors.adapters.oidc.adapter import SANDBOX_MARKER
from vendors.bridge.ending import CODE_LIFE, erase, move_run
from vendors.bridge.errors import OAuthError, invalid_grant, invalid_request
from vendors.bridge.keys import sign
from vendors.bridge.metadata import issuer_of
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.bridge.sealing import Bond, open_bond, open_code, open_result
from vendors.bridge.statuses import RunStatus

log = logging.getLogger("readmit.bridge")

TOKEN_LIFE = timedelta(minutes=5)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


def link_back(tenant: Tenant, run: BridgeRun) -> str | None:
    """Where the browser goes with the answer; the same each time it is asked for. None once that is over. With the run locked,
    for the first look starts the code's minute."""
    moment = clock.now()
    if run.asked_sealed is None or not run.redirect_uri:
        return None
    answer = {"iss": issuer_of(tenant)}
    if run.status == RunStatus.ANSWERED:
        if run.code_shown_at is None:
            run.code_shown_at, run.expires_at = moment, moment + CODE_LIFE
            run.save(update_fields=["code_shown_at", "expires_at"])
        if run.expires_at <= moment or run.code_sealed is None:
            return None
        answer["code"] = open_code(run)
    elif run.status == RunStatus.ENDED:
        answer["error"] = run.error
    else:
        return None
    state = open_bond(run).state
    if state:
        answer["state"] = state
    return f"{run.redirect_uri}{'&' if '?' in run.redirect_uri else '?'}{urlencode(answer)}"


def show_trial(run: BridgeRun) -> dict[str, Any] | None:
    """What a client would be told, for whoever tries the bridge, once. With the run locked."""
    if not run.is_trial or run.status != RunStatus.ANSWERED or run.result_sealed is None:
        return None
    found = open_result(run)
    move_run(run, RunStatus.EXCHANGED)
    run.ended_at, run.code_digest = clock.now(), None
    browser = run.browser_digest
    erase(run)
    run.browser_digest = browser
    run.save()
    return found


def exchange_code(tenant: Tenant, client_id: UUID, form: Mapping[str, Any]) -> dict[str, Any]:
    """The token response (OpenID Connect Core 1.0, 3.1.3.3). Outside any scope. What must hold: 1. the grant is a code; 2. the code
    is one that waits, and is used up now; 3. it is this client's, who is still here; 4. redirect_uri is the one that was asked
    with (RFC 6749, 4.1.3); 5. the verifier is the challenge's (RFC 7636, 4.6)."""
    require_no_transaction()
    if form.get("grant_type") != "authorization_code":  # 1
        raise OAuthError("unsupported_grant_type", "Only an authorization_code is exchanged here.")
    code = form.get("code")
    if not isinstance(code, str) or not 20 <= len(code) <= 200:
        raise invalid_request("code is missing.", why="code_missing")
    with tenant_scope(tenant.id):
        taken = _take(code)  # 2
    if isinstance(taken, BridgeRun):
        log.warning("bridge.code_came_again")
        with tenant_scope(tenant.id):
            _note(EventName.BRIDGE_CODE_CAME_AGAIN, taken, {})
        raise invalid_grant("code_used")
    run, bond, result = taken
    with tenant_scope(tenant.id):
        client = BridgeClient.objects.filter(id=client_id, removed_at=None).first()
        problem = _problem(run, client_id if client else None, form)
        if client is None or problem:
            _note(EventName.BRIDGE_CODE_REFUSED, run, {"why": problem or "client_removed"})
        else:
            token = sign(_claims(tenant, client, run, bond, result))
            _note(
                EventName.BRIDGE_ANSWER_GIVEN,
                run,
                {"bridge_client": client.public_id, "verified": not run.why},
            )
    if client is None or problem:
        raise invalid_grant(problem or "client_removed")
    return {
        "access_token": new_token(),
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "id_token": token,
        "scope": "openid",
    }


def _take(code: str) -> tuple[BridgeRun, Bond, dict[str, Any]] | BridgeRun:
    """Of many that come at once with one code, the first has it; the others get the run alone, for it was answered."""
    found = BridgeRun.objects.select_for_update().filter(code_digest=digest(code)).first()
    if found is None:
        raise invalid_grant("code_unknown")
    is_waiting = found.status == RunStatus.ANSWERED and found.code_shown_at is not None
    if not is_waiting or found.expires_at <= clock.now() or found.result_sealed is None:
        if found.status == RunStatus.EXCHANGED:
            return found
        raise invalid_grant("code_over")
    bond, result = open_bond(found), open_result(found)
    move_run(found, RunStatus.EXCHANGED)
    found.ended_at = clock.now()
    # The code's digest stays while the row does, so that one that comes again is known; the browser's for a while, so that
    # whoever presses Back reads that it is done.
    browser = found.browser_digest
    erase(found)
    found.browser_digest = browser
    found.save()
    return found, bond, result


def _problem(run: BridgeRun, client_id: UUID | None, form: Mapping[str, Any]) -> str:
    if client_id is None or run.client_id != client_id:  # 3
        return "code_of_another"
    if form.get("redirect_uri") != run.redirect_uri:  # 4
        return "redirect_uri_differs"
    verifier = form.get("code_verifier")
    if not isinstance(verifier, str) or not _VERIFIER.match(verifier):  # 5
        return "verifier_missing"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return "" if hmac.compare_digest(challenge, run.code_challenge.encode()) else "verifier_differs"


def _claims(
    tenant: Tenant, client: BridgeClient, run: BridgeRun, bond: Bond, result: dict[str, Any]
) -> dict[str, Any]:
    """The subject is the run: nobody has an account here, and two answers about one person have nothing in common."""
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": issuer_of(tenant),
        "aud": client.public_id,
        "sub": run.public_id,
        "iat": now,
        "exp": now + int(TOKEN_LIFE.total_seconds()),
        "nonce": bond.nonce,
        **result,
    }
    if run.proved_at is not None:
        claims["auth_time"] = int(run.proved_at.timestamp())
    if tenant.is_demonstration or run.mode == BridgeClient.Mode.EVALUATION:
        claims[SANDBOX_MARKER] = True
    return claims


def _note(name: EventName, run: BridgeRun, data: Mapping[str, str | bool]) -> None:
    record_event(name, actor=Actor(ActorKind.SYSTEM), subject=run.public_id, case_id=run.id, data=data)
