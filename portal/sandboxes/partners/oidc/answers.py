"""What the provider sends back: the code, and the token a code is exchanged for."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from joserfc import jwt
from joserfc.jwk import ECKey

from portal.sandboxes.partners import pictures
from portal.sandboxes.partners.world import Session, has, shown_person

SCENARIOS = {
    "verified": "Verified",
    "missing_portrait": "Verified, without a portrait",
    "cyrillic": "Verified, with a name in Cyrillic letters",
    "document_expired": "Refused: the document has expired",
    "face_mismatch": "Refused: the face is another",
    "access_denied": "The person gave up",
    "server_error": "The provider failed",
    "another_eid": "Signed in with another eID",
}
REFUSED = {"document_expired": "doc_expired", "face_mismatch": "face_mismatch"}
OF_EIDS = frozenset({"another_eid"})
OF_DOCUMENTS = frozenset({"missing_portrait", *REFUSED})
ERRORS = frozenset({"access_denied", "server_error"})
KEY = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig", "alg": "ES256"}, private=True)
LIFE = 300
CZECH = "bankid-cz"


def fits(session: Session, scenario: str) -> bool:
    """Nobody shows an eID's provider a document or a face, and a document's asks for no eID."""
    return scenario not in (OF_DOCUMENTS if session.wanted.get("acr_values") else OF_EIDS)


def finish(session: Session) -> None:
    """From now on the browser is sent back with a code, or with an error in its place."""
    answer = {"state": session.wanted["state"], "iss": settings.SANDBOX_ORIGIN}
    if session.scenario in ERRORS:
        answer["error"] = session.scenario
    else:
        answer["code"] = session.wanted["code"]
    joint = "&" if "?" in session.back else "?"
    session.back += joint + urlencode(answer)


def settle(session: Session) -> None:
    """Nothing is worked on here after the person has gone."""


def id_token(session: Session) -> str:
    now = int(time.time())
    asked = session.wanted
    claims: dict[str, Any] = {
        "iss": settings.SANDBOX_ORIGIN,
        "aud": "another-client" if has("another_reference") else asked["client_id"],
        "sub": session.id,
        "nonce": "another" if has("another_session") else asked["nonce"],
        "iat": now,
        "auth_time": now,
        "exp": now + LIFE,
        "readmit_demonstration": True,
    }
    person = shown_person(session)
    if session.scenario == "cyrillic":
        person = person | {"given": "Зоя", "family": "Космодемьянская"}
    claims |= _eid(session, person) if asked.get("acr_values") else _verified(session, person)
    return jwt.encode({"alg": "ES256", "kid": KEY.kid}, claims, KEY)


def _named(person: dict[str, str]) -> dict[str, str]:
    return {"given_name": person["given"], "family_name": person["family"], "birthdate": person["birthdate"]}


def _eid(session: Session, person: dict[str, str]) -> dict[str, Any]:
    """An eID answers with a name for itself; the Czech one says who it was inside verified claims alone."""
    acr = session.wanted["acr_values"]
    said: dict[str, Any] = {"acr": "an-eid-nobody-asked-for" if session.scenario == "another_eid" else acr}
    if has("unknown_word"):
        said["acr"] = None
    if CZECH not in acr:
        return said | _named(person)
    card = {"type": "ID", "country": "CZ", "number": person["number"], "valid_to": person["expires"]}
    verification = {"trust_framework": "cz_aml", "time": None, "verification_process": session.id}
    claims = {**_named(person), "idcards": [card]}
    return said | {
        "verified_claims": {"verification": verification, "claims": claims},
        "given_name": "Not verified",
    }


def _verified(session: Session, person: dict[str, str]) -> dict[str, Any]:
    level: str | None = "FAILED" if session.scenario in REFUSED else "VERIFIED"
    verification: dict[str, Any] = {
        "trust_framework": session.wanted["trust_framework"],
        "assurance_level": "PROBABLY" if has("unknown_word") else level,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "verification_process": session.id,
    }
    if session.scenario in REFUSED:
        return {
            "verified_claims": {
                "verification": verification | {"reasons": [REFUSED[session.scenario]]},
                "claims": {},
            }
        }
    evidence: dict[str, Any] = {
        "type": "document",
        "check_details": [{"check_method": "vri", "passed": True}],
        "document_details": {
            "type": "passport",
            "document_number": person["number"],
            "date_of_expiry": person["expires"],
            "issuer": {"country_code": "GBR"},
        },
    }
    if session.scenario != "missing_portrait":
        evidence["attachments"] = [_portrait(session)]
    verification["evidence"] = [evidence]
    return {"verified_claims": {"verification": verification, "claims": _named(person)}}


def portrait_of(session: Session) -> bytes:
    return session.picture or pictures.drawn()


def _portrait(session: Session) -> dict[str, Any]:
    origin = "https://pictures.example" if has("picture_elsewhere") else settings.SANDBOX_ORIGIN
    digest = hashlib.sha256(portrait_of(session)).digest()
    return {
        "desc": "portrait",
        "url": f"{origin}/portraits/{session.id}",
        "access_token": session.wanted["portrait_token"],
        "digest": {"alg": "sha-256", "value": base64.b64encode(digest).decode()},
    }


def framework_of(claims: str) -> str:
    """The framework that was asked for in the `claims` parameter; KeyError or ValueError for another shape."""
    wanted = json.loads(claims)["id_token"]["verified_claims"]["verification"]["trust_framework"]
    return str(wanted["value"])
