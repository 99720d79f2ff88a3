"""The wallet: what it would show of the PID, and the answer it sends (OpenID4VP 1.0, sections 7 and 8)."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import urlencode

from joserfc import jwe
from joserfc.jwk import ECKey

from portal.sandboxes.partners.eu_pid.issuing import said_of, shown
from portal.sandboxes.partners.eu_pid.request import Refused, Request, call
from portal.sandboxes.partners.world import WORLD, Session

SCENARIOS = {
    "verified": "Shown",
    "document_number": "Shown, with the number of a document instead of a personal one",
    "no_number": "Shown, from a PID without any number",
    "cyrillic": "Shown, with a name in Cyrillic letters",
    "revoked": "Shown, and the PID was taken back",
    "canceled": "The person said no",
    "unsupported": "The wallet cannot answer",
}
ERRORS = {"canceled": "access_denied", "unsupported": "vp_formats_not_supported"}


def open_request(request: Request) -> Session:
    """One look at a request is one session."""
    return WORLD.add(
        Session(
            id=f"pid_{secrets.token_hex(12)}",
            reference=request.client_id,
            back="",
            wanted={"request": request},
        )
    )


def asked_of(session: Session) -> tuple[dict[str, Any], list[str]]:
    """The query that is answered, and the claims of the first set that this PID can fill (section 6.4.1)."""
    query = session.wanted["request"].queries[0]
    held = said_of(session)
    names = {claim.get("id", claim["path"][0]): claim["path"][0] for claim in query.get("claims", [])}
    for option in query.get("claim_sets") or [list(names)]:
        if all(names[each] in held for each in option):
            return query, [names[each] for each in option]
    raise Refused("The PID does not hold what is asked for.")


def answer(session: Session) -> dict[str, str]:
    """The form that goes to the verifier: encrypted to its key for this one request, or an error in plain text (8.3.1)."""
    request: Request = session.wanted["request"]
    if session.scenario in ERRORS:
        return {"error": ERRORS[session.scenario], "state": request.state}
    query, names = asked_of(session)
    presented = shown(session, names, nonce=request.nonce, audience=request.client_id)
    told = {"vp_token": {query["id"]: [presented]}, "state": request.state}
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": request.key["kid"]}
    key = ECKey.import_key({name: request.key[name] for name in ("kty", "crv", "x", "y")})
    algorithms = ["ECDH-ES", "A256GCM"]
    return {"response": jwe.encrypt_compact(header, json.dumps(told).encode(), key, algorithms=algorithms)}


def finish(session: Session) -> None:
    """Sent to the verifier, which says where the browser goes; nowhere when the request came from another device."""
    request: Request = session.wanted["request"]
    try:
        status, body = call("POST", request.response_uri, urlencode(answer(session)))
        session.back = str(json.loads(body).get("redirect_uri", "")) if status == 200 else ""
        session.wanted["refused"] = status != 200
    except (Refused, ValueError):
        session.wanted["refused"] = True


def settle(session: Session) -> None:
    """Nothing is told afterwards."""
