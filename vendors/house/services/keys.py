"""The provider's signing keys: made on first use, sealed, published while tokens under them may still be verified."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.sealed import Context, seal, unseal
from vendors.house.models import SigningKey
from vendors.house.provider.signing import make_key

PUBLISHED_AFTER_RETIRING = timedelta(days=1)
_LOCK = 4_206_904_072


def current_private_jwk() -> dict[str, Any]:
    row = SigningKey.objects.filter(retired_at=None).first() or _make_first()
    opened = unseal(row.private_sealed, Context("house_signingkey", "private", row.id))
    private: dict[str, Any] = json.loads(opened)
    return private


def published_jwks() -> list[dict[str, Any]]:
    if not SigningKey.objects.filter(retired_at=None).exists():
        _make_first()
    return list(SigningKey.objects.order_by("-created_at").values_list("public_jwk", flat=True))


def rotate_key() -> str:
    """Sign with a new key from now on; the old one stays published for a day."""
    with transaction.atomic():
        _lock()
        SigningKey.objects.filter(retired_at=None).update(retired_at=clock.now())
        return _make().kid


def _make_first() -> SigningKey:
    with transaction.atomic():
        _lock()
        return SigningKey.objects.filter(retired_at=None).first() or _make()


def _make() -> SigningKey:
    pair = make_key()
    identifier = uuid7()
    sealed = seal(json.dumps(pair.private_jwk).encode(), Context("house_signingkey", "private", identifier))
    return SigningKey.objects.create(
        id=identifier, kid=pair.kid, private_sealed=sealed, public_jwk=pair.public_jwk
    )


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
