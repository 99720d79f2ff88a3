"""An authorization request as it is pushed (RFC 9126, 2.1), and the checks before it is taken."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from vendors.house.provider import errors
from vendors.house.provider.claims_request import VerifiedClaimsRequest, read_claims_request
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.pkce import require_challenge

_VISIBLE = re.compile(r"[\x20-\x7e]{1,512}")
_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,20}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    asked: VerifiedClaimsRequest
    case_reference: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.code_challenge,
            "asked": self.asked.to_json(),
            "case_reference": self.case_reference,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> AuthorizationRequest:
        asked = VerifiedClaimsRequest.from_json(stored["asked"])
        return cls(**{**stored, "asked": asked})


def read_authorization_request(
    unverified: Mapping[str, str], *, expected_client_id: str, registered_redirect_uris: Collection[str]
) -> AuthorizationRequest:
    """What must hold:

    1. no `request_uri` inside a pushed request (RFC 9126, 2.1), no request object (OpenID Connect Core 6.1);
    2. `client_id` is the authenticated client's (RFC 9126, 2.1 and 3);
    3. `redirect_uri` equals a registered one, character by character (RFC 9700, 2.1);
    4. `response_type` is `code`, `response_mode` absent or `query`;  5. `scope` has `openid` (Core 3.1.2.1);
    6. `state` and `nonce` are there: our contract asks for both;  7. PKCE with S256 (RFC 7636);
    8. `prompt` is not `none`: a person must stand here (Core 3.1.2.6);  9. a `claims` request we can fulfil.
    """
    # 1
    if "request_uri" in unverified:
        raise ProtocolError(errors.INVALID_REQUEST, "request_uri_inside_par", clause="RFC 9126, 2.1")
    if "request" in unverified:
        raise ProtocolError(errors.REQUEST_NOT_SUPPORTED, "request_object", clause="OpenID Connect Core, 6.1")
    # 2
    if unverified.get("client_id") != expected_client_id:
        raise ProtocolError(errors.INVALID_REQUEST, "client_id_missing_or_other", clause="RFC 9126, 2.1")
    # 3
    redirect_uri = unverified.get("redirect_uri", "")
    if not redirect_uri or redirect_uri not in registered_redirect_uris:
        raise ProtocolError(errors.INVALID_REQUEST, "redirect_uri_not_registered", clause="RFC 9700, 2.1")
    # 4
    if unverified.get("response_type") != "code":
        raise ProtocolError(
            errors.UNSUPPORTED_RESPONSE_TYPE, "response_type_not_code", clause="RFC 6749, 3.1.1"
        )
    if unverified.get("response_mode", "query") != "query":
        raise ProtocolError(errors.INVALID_REQUEST, "response_mode_not_query")
    # 5
    if "openid" not in unverified.get("scope", "").split(" "):
        raise ProtocolError(
            errors.INVALID_SCOPE, "scope_openid_missing", clause="OpenID Connect Core, 3.1.2.1"
        )
    # 6
    state, nonce = unverified.get("state", ""), unverified.get("nonce", "")
    if not _VISIBLE.fullmatch(state) or not _VISIBLE.fullmatch(nonce):
        raise ProtocolError(errors.INVALID_REQUEST, "state_and_nonce_required")
    # 7
    challenge = require_challenge(
        unverified.get("code_challenge", ""), unverified.get("code_challenge_method", "")
    )
    # 8
    if "none" in unverified.get("prompt", "").split(" "):
        raise ProtocolError("interaction_required", "prompt_none", clause="OpenID Connect Core, 3.1.2.6")
    # 9
    asked = read_claims_request(unverified.get("claims", ""))
    return AuthorizationRequest(
        redirect_uri,
        state,
        nonce,
        challenge,
        asked,
        _matching(_REFERENCE, unverified.get("case_reference", "")),
    )


def _matching(pattern: re.Pattern[str], value: str) -> str:
    """Decoration only: what does not fit is left out, never refused."""
    return value if pattern.fullmatch(value) else ""
