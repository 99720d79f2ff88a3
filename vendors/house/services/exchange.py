"""Codes: made for the way back, consumed first and compared second when the relying party exchanges them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.kit import clock
from portal.kit.codes import digest, new_token, same
from portal.kit.scope import require_no_transaction
from vendors.house.models import AuthorizationCode, Check, Client
from vendors.house.provider import errors, verified_claims
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.pkce import verify_verifier
from vendors.house.provider.responses import code_response, error_response
from vendors.house.provider.signing import sign_id_token
from vendors.house.services import checks, portraits
from vendors.house.services.keys import current_private_jwk
from vendors.house.stages import Outcome, Stage

CODE_LIFETIME = timedelta(seconds=60)


def way_back(check_id: UUID, browser_digest: bytes) -> str:
    """The address that brings the person back to the relying party. Each call voids the code of the call before, so that
    the page may be reloaded; empty when the result was handed over already."""
    with checks.locked_check(check_id, browser_digest) as check:
        request = checks.request_of(check)
        if (
            check.stage == Stage.FINISHED
            and check.outcome != Outcome.DECLINED
            and check.expires_at > clock.now()
        ):
            return code_response(
                request.redirect_uri,
                code=_make_code(check),
                state=request.state,
                issuer=settings.HOUSE_ORIGIN,
            )
        if check.stage == Stage.HANDED_OVER:
            return ""
        description = "The person gave up." if check.outcome == Outcome.DECLINED else "The time was up."
        return error_response(
            request.redirect_uri,
            error="access_denied",
            description=description,
            state=request.state,
            issuer=settings.HOUSE_ORIGIN,
        )


def _make_code(check: Check) -> str:
    now = clock.now()
    AuthorizationCode.objects.filter(check_row=check, used_at=None, expires_at__gt=now).update(expires_at=now)
    code = new_token()
    AuthorizationCode.objects.create(
        check_row=check, code_digest=digest(code), expires_at=now + CODE_LIFETIME
    )
    return code


@dataclass(frozen=True, slots=True)
class UnverifiedExchange:
    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)


def exchange_code(client: Client, unverified: UnverifiedExchange) -> dict[str, Any]:
    """RFC 6749, 4.1.3. What must hold:

    1. the code is unused, and from here on it is used (4.1.2); a second use destroys what the first may still fetch;
    2. it has not expired;  3. it was issued to this client;  4. `redirect_uri` is the one of the request;
    5. the verifier fits the challenge (RFC 7636, 4.6);  6. the result is still there.
    """
    # 1
    row = _consume(unverified.code)
    # 2
    if row.expires_at <= clock.now():
        raise _refused("code_expired")
    # 3
    if row.check_row.client_id != client.id:
        raise _refused("code_of_another_client")
    # 4
    request = checks.request_of(row.check_row)
    if not same(unverified.redirect_uri.encode(), request.redirect_uri.encode()):
        raise _refused("redirect_uri_differs")
    # 5
    verify_verifier(unverified.code_verifier, expected_challenge=request.code_challenge)
    # 6
    with transaction.atomic():
        check = Check.objects.select_for_update(of=("self",)).get(id=row.check_row_id)
        if check.stage != Stage.FINISHED or check.expires_at <= clock.now():
            raise _refused("result_gone")
        return _hand_over(check, client)


def _consume(code: str) -> AuthorizationCode:
    require_no_transaction()
    taken = AuthorizationCode.objects.filter(code_digest=digest(code), used_at=None).update(
        used_at=clock.now()
    )
    row = AuthorizationCode.objects.select_related("check_row").filter(code_digest=digest(code)).first()
    if row is None:
        raise _refused("code_unknown")
    if not taken:
        # RFC 6749, 4.1.2: what was issued on this code is revoked; here that is the portrait's token.
        checks.destroy_portrait(row.check_row_id)
        raise _refused("code_used")
    return row


def _hand_over(check: Check, client: Client) -> dict[str, Any]:
    """The token response (OpenID Connect Core 3.1.3.3). Facts are destroyed in the transaction that reads them."""
    request = checks.request_of(check)
    told = _told(check)
    id_token = sign_id_token(
        current_private_jwk(),
        issuer=settings.HOUSE_ORIGIN,
        audience=client.public_id,
        # Nobody has an account here: each check has a subject of its own, and nothing links two of them.
        subject=new_token(128),
        nonce=request.nonce,
        issued_at=clock.now(),
        verified_claims=told,
        demonstration=client.demonstration,
    )
    check.facts_sealed = None
    check.save(update_fields=["facts_sealed"])
    checks.move(check, Stage.HANDED_OVER)
    # RFC 6749, 5.1 wants an access token; there is no userinfo endpoint, and it opens nothing.
    return {"access_token": new_token(), "token_type": "Bearer", "expires_in": 60, "id_token": id_token}


def _told(check: Check) -> dict[str, Any]:
    at = check.decided_at or clock.now()
    request = checks.request_of(check)
    if check.outcome != Outcome.VERIFIED:
        return verified_claims.failed(reasons=check.reasons, reference=check.public_id, at=at)
    attachment = None
    if request.asked.attachments:
        attachment = portraits.offer_portrait(check)
    else:
        checks.destroy_portrait(check.id)
    return verified_claims.verified(
        request.asked,
        facts=checks.unseal_facts(check),
        made=checks.checks_made(check),
        reference=check.public_id,
        at=at,
        attachment=attachment,
    )


def _refused(reason: str) -> ProtocolError:
    return ProtocolError(
        errors.INVALID_GRANT,
        reason,
        "The code is unknown, was used, has expired, or belongs to another request.",
        clause="RFC 6749, 5.2",
    )
