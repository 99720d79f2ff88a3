"""How an endpoint knows that it is us: a token in the header, and, if it shares a secret with us, a signature on the body.

Protects the organisation's endpoint from whoever finds its address. The token is for one endpoint, lives five minutes and
names the body it came with; its key is the organisation's own and is published where standard libraries look for it. What
it does not do: protect claims from the endpoint itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from joserfc import jws
from joserfc.jwk import ECKey

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.origins import tenant_url
from portal.kit.scope import current_tenant_id
from portal.kit.sealed import Context, seal, unseal
from recovery.callouts.models import Callout, CalloutKey
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant

ALGORITHM = "ES256"
TOKEN_LIFE = timedelta(minutes=5)
# Endpoints keep published keys for about a day before they look again.
PUBLISHED_AFTER = timedelta(hours=24)
SIGNATURE_HEADER = "Readmit-Signature"


@dataclass(frozen=True, slots=True)
class Signer:
    """The key in the memory of whoever sends."""

    key_id: str
    private_jwk: dict[str, Any] = field(repr=False)


def issuer_of(tenant: Tenant) -> str:
    """Its metadata is at `<issuer>/.well-known/openid-configuration`."""
    return tenant_url(tenant.slug, "/callouts")


def _context(key_id: UUID) -> Context:
    return Context("callouts_calloutkey", "private_sealed", key_id)


def secret_context(row: Callout) -> Context:
    return Context("callouts_callout", "secret_sealed", row.id)


def _make_key() -> CalloutKey:
    key = ECKey.generate_key("P-256")
    row = CalloutKey(key_id=key.thumbprint())
    row.public_jwk = {**key.as_dict(private=False), "kid": row.key_id, "use": "sig", "alg": ALGORITHM}
    row.private_sealed = seal(json.dumps(key.as_dict(private=True)).encode(), _context(row.id))
    row.save(force_insert=True)
    return row


def hold_callouts() -> None:
    """One at a time writes an organisation's callouts and their key."""
    held = Tenant.objects.select_for_update(no_key=True).filter(id=current_tenant_id())
    list(held.values_list("id"))


def ensure_key() -> None:
    """Called with `hold_callouts`."""
    if not CalloutKey.objects.filter(replaced_at=None).exists():
        _make_key()


@transaction.atomic
def replace_key(*, actor: Actor) -> None:
    """The new one signs at once; the old one stays published for a day, for tokens under way."""
    hold_callouts()
    CalloutKey.objects.filter(replaced_at=None).update(replaced_at=clock.now())
    made = _make_key()
    record_event(EventName.CALLOUT_KEY_REPLACED, actor=actor, data={"key_id": made.key_id})


def signer() -> Signer:
    """In the tenant's scope."""
    row = CalloutKey.objects.get(replaced_at=None)
    return Signer(row.key_id, json.loads(unseal(row.private_sealed, _context(row.id))))


def published_keys() -> list[dict[str, Any]]:
    since = clock.now() - PUBLISHED_AFTER
    rows = CalloutKey.objects.order_by("-created_at", "-id")
    return [row.public_jwk for row in rows if row.replaced_at is None or row.replaced_at > since]


def body_digest(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def token_for(
    with_key: Signer, *, issuer: str, audience: str, party: str, token_id: str, body: bytes, now: datetime
) -> str:
    """A bearer token (RFC 7519) as an endpoint made for Microsoft's event reads it: `aud`, `iss`, `azp`, times."""
    moment = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": party,
        "azp": party,
        "jti": token_id,
        "iat": moment,
        "nbf": moment - 30,
        "exp": moment + int(TOKEN_LIFE.total_seconds()),
        "ver": "2.0",
        "body_sha256": body_digest(body),
    }
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": with_key.key_id}
    key = ECKey.import_key(with_key.private_jwk)
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[ALGORITHM])


def signature_of(secret: str, body: bytes, now: datetime) -> str:
    """`t=<seconds>,v1=<hex>`: HMAC-SHA256 over the time, a full stop and the body."""
    moment = str(int(now.timestamp()))
    made = hmac.digest(secret.encode(), moment.encode() + b"." + body, hashlib.sha256)
    return f"t={moment},v1={made.hex()}"
