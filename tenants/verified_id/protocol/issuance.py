"""The issuer's smaller endpoints of OpenID4VCI 1.0 (with errata), pre-authorized code flow: requests in, bodies out.

Token, nonce and notification (`credential_request` has the others): each request is parsed strictly into a dataclass, each refusal has
the code of its clause. State stays with the caller, who takes codes and nonces in a transaction of their own
*before* handing them here to be compared: what is consumed stays consumed, whatever is raised here.
"""

import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tenants.verified_id.protocol.credential_offer import PRE_AUTHORIZED_CODE_GRANT
from tenants.verified_id.protocol.encoding import (
    member_text,
    parse_form,
    parse_json,
    parse_json_body,
)
from tenants.verified_id.protocol.errors import ProtocolError, Refusing

NO_STORE = {"Cache-Control": "no-store"}
BEARER_LIFETIME = 300
"""A bearer access token lives five minutes at most; longer ones are bound to a key by DPoP."""
MAX_BODY = 64 * 1024
_TOKEN = Refusing("invalid_request", "OpenID4VCI 1.0 section 6.1")
_GRANT = Refusing("invalid_grant", "OpenID4VCI 1.0 section 6.3")
_NOTIFICATION = Refusing("invalid_notification_request", "OpenID4VCI 1.0 section 11.3")
_ACCESS_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True)
class TokenRequest:
    pre_authorized_code: str
    tx_code: str | None
    client_id: str | None
    configuration_ids: tuple[str, ...]
    """What `authorization_details` asked for; when not empty the token response must answer it (6.2)."""


@dataclass(frozen=True)
class PreAuthorizedGrant:
    """A stored grant, after its try was counted: what the request must match. Digests, never the code.

    `tries_left` already leaves out the try at hand: zero is the last allowed one, below zero is burnt.
    """

    expires_at: int
    used: bool
    tries_left: int
    tx_code_digest: bytes | None


class NotificationEvent(StrEnum):
    ACCEPTED = "credential_accepted"
    FAILURE = "credential_failure"
    DELETED = "credential_deleted"


@dataclass(frozen=True)
class Notification:
    notification_id: str
    event: NotificationEvent


def parse_token_request(
    body: bytes, content_type: str, *, known_configurations: Collection[str]
) -> TokenRequest:
    """Section 6.1 and RFC 6749 section 3.2.

    1. a form, each parameter once (RFC 6749 3.2);  2. `grant_type` is the pre-authorized code (RFC 6749 5.2);
    3. `pre-authorized_code` is there;  4. `tx_code`, if there, is text;
    5. `authorization_details`, if there, are of type openid_credential with a known configuration each (5.1.1,
    RFC 9396 5).
    """
    # 1
    form = parse_form(body, content_type, _TOKEN, max_bytes=MAX_BODY)
    # 2
    grant_type = form.get("grant_type")
    if not grant_type:
        raise _TOKEN("grant_type_missing", clause="RFC 6749 section 5.2")
    if grant_type != PRE_AUTHORIZED_CODE_GRANT:
        raise ProtocolError(
            "unsupported_grant_type", "grant_type", clause="RFC 6749 section 5.2", found=grant_type
        )
    # 3
    code = member_text(form, "pre-authorized_code", _TOKEN, max_length=512)
    if code is None:
        raise _TOKEN("code_missing", expected="pre-authorized_code")
    # 4, 5
    return TokenRequest(
        pre_authorized_code=code,
        tx_code=member_text(form, "tx_code", _TOKEN, max_length=64),
        client_id=member_text(form, "client_id", _TOKEN, max_length=512),
        configuration_ids=_authorization_details(form.get("authorization_details"), known_configurations),
    )


def verify_token_request(
    request: TokenRequest,
    *,
    expected_grant: PreAuthorizedGrant | None,
    digest: Callable[[str], bytes],
    now: int,
) -> None:
    """Section 6.3 with the guessing rules of 13.6.3. Call it after the try was counted and committed.

    1. the code is known (None means it is not);  2. not used;  3. not expired;  4. tries are left;
    5. a transaction code is there if and only if one is expected: else invalid_request;
    6. and its digest is the stored one, compared in constant time: else invalid_grant.
    """
    # 1
    if expected_grant is None:
        raise _GRANT("code_unknown")
    # 2
    if expected_grant.used:
        raise _GRANT("code_used", clause="OpenID4VCI 1.0 section 4.1.1")
    # 3
    if now >= expected_grant.expires_at:
        raise _GRANT("code_expired")
    # 4
    if expected_grant.tries_left < 0:
        raise _GRANT("code_burnt", clause="OpenID4VCI 1.0 section 13.6.3")
    # 5
    stored = expected_grant.tx_code_digest
    if (request.tx_code is None) != (stored is None):
        raise _TOKEN(
            "tx_code_missing" if stored is not None else "tx_code_unexpected",
            clause="OpenID4VCI 1.0 section 6.3",
        )
    # 6
    if stored is not None and not _is_the_code(request.tx_code, stored, digest):
        raise _GRANT("tx_code")


def token_response(
    access_token: str,
    *,
    expires_in: int = BEARER_LIFETIME,
    token_type: str = "Bearer",  # noqa: S107 - the type of the token, not a token
    credential_identifiers: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Section 6.2, sent with `NO_STORE`. `credential_identifiers` answers `authorization_details`."""
    if token_type == "Bearer" and not 0 < expires_in <= BEARER_LIFETIME:  # noqa: S105
        raise ValueError(f"a bearer token lives at most {BEARER_LIFETIME} seconds")
    response: dict[str, Any] = {
        "access_token": access_token,
        "token_type": token_type,
        "expires_in": expires_in,
    }
    if credential_identifiers:
        response["authorization_details"] = [
            {
                "type": "openid_credential",
                "credential_configuration_id": configuration_id,
                "credential_identifiers": list(identifiers),
            }
            for configuration_id, identifiers in credential_identifiers.items()
        ]
    return response


def nonce_response(c_nonce: str) -> dict[str, str]:
    """Section 7.2, sent with `NO_STORE`."""
    return {"c_nonce": c_nonce}


@dataclass(frozen=True)
class SentToken:
    """What an Authorization header carries. A bound token must come as DPoP, a bearer token as Bearer (RFC 9449, 7.2)."""

    unverified_token: str = field(repr=False)
    is_bound: bool


def read_access_token(authorization: str | None) -> SentToken:
    """The token of an Authorization header (RFC 6750 section 2.1, RFC 9449 section 7.1); whether it is live is the
    caller's to say."""
    found, _, token = (authorization or "").partition(" ")
    if not found:
        raise ProtocolError("invalid_token", "token_missing", clause="RFC 6750 section 3", status=401)
    is_known = found.lower() in ("bearer", "dpop")
    if not is_known or not _ACCESS_TOKEN.fullmatch(token) or len(token) > 2048:
        raise unknown_access_token()
    return SentToken(token, is_bound=found.lower() == "dpop")


def unknown_access_token() -> ProtocolError:
    """For a token that is not live, not of this tenant or not for this credential: one answer for all."""
    return ProtocolError("invalid_token", "access_token", clause="RFC 6750 section 3.1", status=401)


def parse_notification(body: bytes, content_type: str) -> Notification:
    """Section 11.1; answered with 204, again and again (11.2). `event_description` is not kept."""
    members = parse_json_body(body, content_type, _NOTIFICATION, max_bytes=MAX_BODY)
    notification_id = member_text(members, "notification_id", _NOTIFICATION, max_length=256)
    event = member_text(members, "event", _NOTIFICATION, max_length=64)
    if notification_id is None or event not in list(NotificationEvent):
        raise _NOTIFICATION("notification_members", found=event, expected=list(NotificationEvent))
    return Notification(notification_id, NotificationEvent(event))


def unknown_notification() -> ProtocolError:
    return ProtocolError("invalid_notification_id", "notification_id", clause="OpenID4VCI 1.0 section 11.3")


def _is_the_code(tx_code: str | None, stored: bytes, digest: Callable[[str], bytes]) -> bool:
    return bool(tx_code and stored) and hmac.compare_digest(digest(tx_code or ""), stored)


def _authorization_details(text: str | None, known: Collection[str]) -> tuple[str, ...]:
    if text is None:
        return ()
    clause = "OpenID4VCI 1.0 section 5.1.1"
    details = parse_json(text, _TOKEN)
    if not isinstance(details, list) or not 1 <= len(details) <= 16:
        raise _TOKEN("authorization_details", clause=clause)
    ids = []
    for item in details:
        kind = item.get("type") if isinstance(item, dict) else None
        configuration_id = item.get("credential_configuration_id") if isinstance(item, dict) else None
        if (
            kind != "openid_credential"
            or not isinstance(configuration_id, str)
            or configuration_id not in known
        ):
            raise ProtocolError(
                "invalid_authorization_details", "authorization_details", clause="RFC 9396 section 5"
            )
        ids.append(configuration_id)
    return tuple(dict.fromkeys(ids))
