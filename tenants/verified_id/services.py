"""Turning Verified ID on, linking a domain. The card is designed in `design`, keys are turned over in `rotation`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.origins import is_ours, tenant_origin
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.encryption_keys import make_encryption_key
from tenants.verified_id.models import Authority, LinkedDomain, SigningKey
from tenants.verified_id.places import open_status_list
from tenants.verified_id.protocol.did_web import did_web
from tenants.verified_id.protocol.encoding import check_url
from tenants.verified_id.rotation import check_published
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import make_signing_key

TYPE = "VerifiedIdentity"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+[a-z]{_LABEL}")
LOOPBACK = {"localhost", "127.0.0.1"}


@transaction.atomic
def turn_on_verified_id(*, actor: Actor) -> Authority:
    """Create the tenant's authority: DID at its host, ES256 key, status list, credential definition. Quiet when on."""
    existing = Authority.objects.select_for_update().first()
    if existing is not None:
        return existing
    tenant = Tenant.objects.get(id=current_tenant_id())
    issuer = tenant_origin(tenant.slug)
    made = Authority.objects.create(did=did_web(issuer), issuer=issuer, vct=f"{issuer}/credentials/{TYPE}/1")
    key = make_signing_key(made.did, SigningKey.State.ACTIVE)
    open_status_list(made, key)
    make_encryption_key(made)
    record_event(EventName.AUTHORITY_CREATED, actor=actor, subject=made.public_id, data={"did": made.did})
    check_published()
    return made


def clean_origin(text: str) -> str:
    """`https://example.com` from what was typed. Invalid for what is no origin of a domain, and for our own hosts: what
    stands here is signed, and a name that cannot be signed would leave a page that does not open."""
    typed = text.strip().rstrip("/")
    try:
        return _require_foreign(_origin(typed if "//" in typed else f"https://{typed}"))
    except ValueError as error:
        raise Invalid(
            "domain_unusable", _("Type a domain such as www.example.com, without a path."), field="origin"
        ) from error


def _origin(url: str) -> str:
    """ValueError for a path, a user, a fragment, a port that is none, http, and whatever is no name of a host."""
    parts = urlsplit(check_url(url))
    host = (parts.hostname or "").encode("idna").decode()
    if parts.path or parts.query or not (DOMAIN.fullmatch(host) or host in LOOPBACK):
        raise ValueError(f"not the origin of a domain: {url[:200]}")
    return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"


def _require_foreign(origin: str) -> str:
    if is_ours(origin):
        raise Invalid(
            "domain_is_ours",
            _("This host is served by us. Link a domain that people know as yours."),
            field="origin",
        )
    return origin


@transaction.atomic
def link_domain(origin: str, *, actor: Actor) -> LinkedDomain:
    """Name the domain and check it over the network. It is not linked before its file was read."""
    cleaned = clean_origin(origin)
    row, _created = LinkedDomain.objects.update_or_create(
        defaults={
            "origin": cleaned,
            "state": LinkedDomain.State.NOT_LINKED,
            "problem": "",
            "checked_at": None,
        }
    )
    record_event(
        EventName.LINKED_DOMAIN_CHANGED,
        actor=actor,
        subject=get_authority().public_id,
        data={"origin": cleaned},
    )
    check_linked_domain()
    return row


def check_linked_domain() -> None:
    enqueue("verified_id.check_linked_domain", tenant_id=current_tenant_id())
