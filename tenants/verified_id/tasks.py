"""Looking at ourselves from outside, and letting go of what was kept for a while."""

from __future__ import annotations

from datetime import timedelta

from portal.kit import clock, http
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.issuance import destroy_old_issuances
from tenants.verified_id.models import Authority, LinkedDomain, Presentation, ProofNonce
from tenants.verified_id.presentation import destroy_old_presentations
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.linked_domain import verify_did_configuration
from tenants.verified_id.publishing import published_addresses
from tenants.verified_id.selectors import get_authority, linked_domain
from tenants.verified_id.signing import trusted_keys


def _fetch(what: str, address: str) -> dict[str, str | bool]:
    try:
        reply = http.send("GET", address, timeout=5)
        problem = "" if reply.status == 200 else f"http_{reply.status}"
    except (Unavailable, Misconfigured) as error:
        problem = error.code
    return {"what": what, "address": address, "ok": not problem, "problem": problem}


@effect
def check_published(job: Job) -> Apply | None:
    """Fetch over the network what the authority publishes, and keep what was found for the page."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        addresses = published_addresses(get_authority())
    found = [_fetch(what, address) for what, address in addresses]

    def apply() -> None:
        Authority.objects.update(published=found, published_checked_at=clock.now())

    return apply


def _read_domain(row: LinkedDomain, did: str, keys: dict[str, dict[str, str]]) -> tuple[str, str]:
    try:
        reply = http.send("GET", f"{row.origin}/.well-known/did-configuration.json", timeout=8)
    except (Unavailable, Misconfigured) as error:
        return LinkedDomain.State.NOT_LINKED, error.code
    if reply.status != 200:
        return LinkedDomain.State.NOT_LINKED, f"http_{reply.status}"
    try:
        verify_did_configuration(
            reply.body,
            expected_did=did,
            expected_origin=row.origin,
            trusted_keys=keys,
            now=int(clock.now().timestamp()),
        )
    except ProtocolError as error:
        return LinkedDomain.State.WRONG, error.reason
    return LinkedDomain.State.LINKED, ""


@effect
def check_linked_domain(job: Job) -> Apply | None:
    """Read the tenant's own file from its own domain."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        row, authority, keys = linked_domain(), get_authority(), trusted_keys()
    if row is None:
        return None
    state, problem = _read_domain(row, authority.did, keys)

    def apply() -> None:
        LinkedDomain.objects.filter(id=row.id).update(state=state, problem=problem, checked_at=clock.now())
        record_event(
            EventName.LINKED_DOMAIN_CHECKED,
            actor=SYSTEM,
            subject=authority.public_id,
            data={"state": str(state), "problem": problem},
        )

    return apply


def let_go() -> None:
    """Destroy portraits and claims whose time is over, and old nonces. Periodic."""
    for tenant in Tenant.objects.iterator():
        with tenant_scope(tenant.id):
            destroy_old_issuances()
            destroy_old_presentations()
            ProofNonce.objects.filter(expires_at__lt=clock.now()).delete()
            Presentation.objects.filter(created_at__lt=clock.now() - timedelta(days=30)).delete()
