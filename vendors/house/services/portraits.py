"""The portrait cut from the document: sealed under its own key, handed over once, gone after half an hour."""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.kit import clock
from portal.kit.codes import digest, new_token
from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id, uuid7
from portal.kit.sealed import Context, make_data_key, seal_under, unseal_under
from vendors.house.models import Check, Portrait
from vendors.house.provider import errors
from vendors.house.provider.errors import ProtocolError
from vendors.house.provider.verified_claims import Attachment


def keep_portrait(check: Check, jpeg: bytes) -> None:
    """Replaces an earlier one. It lives as long as the check: thirty minutes from its beginning, never longer."""
    Portrait.objects.filter(check_row=check).delete()
    identifier = uuid7()
    context = _context(identifier)
    wrapped = make_data_key(context)
    Portrait.objects.create(
        id=identifier,
        check_row=check,
        data_key=wrapped,
        sealed=seal_under(wrapped, jpeg, context),
        sha256=hashlib.sha256(jpeg).digest(),
        expires_at=check.expires_at,
    )


def open_portrait(check: Check) -> bytes:
    row = Portrait.objects.filter(check_row=check, destroyed_at=None, expires_at__gt=clock.now()).first()
    if row is None:
        raise Refused("portrait_gone")
    return _unsealed(row)


def offer_portrait(check: Check) -> Attachment | None:
    """An external attachment with a token of its own; None when there is no portrait any more."""
    row = Portrait.objects.filter(check_row=check, destroyed_at=None, expires_at__gt=clock.now()).first()
    if row is None:
        return None
    token = new_token()
    row.token_digest = digest(token)
    row.save(update_fields=["token_digest"])
    return Attachment(
        url=f"{settings.HOUSE_ORIGIN}/attachments/{row.public_id}",
        access_token=token,
        expires_in=int((row.expires_at - clock.now()).total_seconds()),
        sha256=base64.b64encode(bytes(row.sha256)).decode(),
    )


def hand_over_portrait(public_id: str, unverified_token: str) -> bytes:
    """The JPEG, once: reading it and destroying it are one transaction under a lock."""
    refusal = ProtocolError(
        errors.INVALID_TOKEN,
        "attachment_token",
        "The access token is unknown, was used, or has expired.",
        clause="RFC 6750, 3.1",
        status=401,
        challenge='Bearer realm="readmit-house", error="invalid_token"',
    )
    try:
        identifier = parse_public_id(Portrait.prefix, public_id)
    except ValueError as error:
        raise refusal from error
    with transaction.atomic():
        row = (
            Portrait.objects.select_for_update()
            .filter(
                id=identifier,
                token_digest=digest(unverified_token),
                destroyed_at=None,
                expires_at__gt=clock.now(),
            )
            .first()
        )
        if row is None or not unverified_token:
            raise refusal
        jpeg = _unsealed(row)
        row.data_key = row.sealed = row.token_digest = None
        row.destroyed_at = clock.now()
        row.save(update_fields=["data_key", "sealed", "token_digest", "destroyed_at"])
    return jpeg


def _unsealed(row: Portrait) -> bytes:
    if row.data_key is None or row.sealed is None:
        raise Refused("portrait_gone")
    return unseal_under(bytes(row.data_key), bytes(row.sealed), _context(row.id))


def _context(identifier: UUID) -> Context:
    return Context("house_portrait", "sealed", identifier)
