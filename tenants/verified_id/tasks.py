"""Looking at ourselves from outside, and letting go of what was kept for a while."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from portal.kit import clock, http
from portal.kit.actors import SYSTEM
from portal.kit.among_tenants import tenants_with, tenants_with_any
from portal.kit.errors import Misconfigured, ReadmitError, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.answering import complete_status_check
from tenants.verified_id.issuance import destroy_old_issuances
from tenants.verified_id.models import (
    Authority,
    BulkRevocation,
    Issuance,
    LinkedDomain,
    Presentation,
    ProofNonce,
    SigningKey,
    TrustedIssuer,
)
from tenants.verified_id.presentation import destroy_old_presentations
from tenants.verified_id.protocol.did_web import did_document_url, linked_origins, read_did_document
from tenants.verified_id.protocol.encoding import check_url, parse_json_object
from tenants.verified_id.protocol.errors import ProtocolError, Refusing
from tenants.verified_id.protocol.linked_domain import WELL_KNOWN_PATH, verify_did_configuration
from tenants.verified_id.publishing import published_addresses
from tenants.verified_id.revoking import take_up_again
from tenants.verified_id.rotation import use_due_keys
from tenants.verified_id.selectors import get_authority, linked_domain
from tenants.verified_id.signing import trusted_keys
from tenants.verified_id.statuses import problem_of_shown
from tenants.verified_id.trusting import check_trusted_issuer as check_issuer_again

MOST_DOMAINS = 3
_REFUSING = Refusing("invalid_request", "DID Core 5")


def problem_of(error: ReadmitError | ProtocolError) -> str:
    return error.reason if isinstance(error, ProtocolError) else error.code


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


def _read_document(row: TrustedIssuer) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The DID document and the keys it grants for issuing. ReadmitError or ProtocolError when there are none."""
    reply = http.send("GET", did_document_url(row.did), timeout=8)
    if reply.status != 200:
        raise Unavailable(f"http_{reply.status}")
    document = parse_json_object(reply.body, _REFUSING)
    return document, read_did_document(document, expected_did=row.did)


def _read_its_domain(row: TrustedIssuer, document: dict[str, Any], keys: dict[str, dict[str, str]]) -> str:
    """The first domain the document names whose own file says the same. ProtocolError when there is none."""
    refusal: ProtocolError | ReadmitError = _REFUSING("linked_domain_missing")
    for origin in linked_origins(document)[:MOST_DOMAINS]:
        try:
            reply = http.send("GET", f"{check_url(origin)}{WELL_KNOWN_PATH}", timeout=8)
            verify_did_configuration(
                reply.body,
                expected_did=row.did,
                expected_origin=origin,
                trusted_keys=keys,
                now=int(clock.now().timestamp()),
            )
        except (ReadmitError, ProtocolError) as error:
            refusal = error
        except ValueError:
            refusal = _REFUSING("linked_domain_address")
        else:
            return origin
    raise refusal


@effect
def check_trusted_issuer(job: Job) -> Apply | None:
    """Read an issuer's keys, and whether a domain of its own vouches for it. An issuer known by a certificate has no
    document: its authority's certificate is what it is believed by."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        row = TrustedIssuer.objects.filter(id=job.uuid("issuer_id")).first()
    if row is None:
        return None
    found: dict[str, Any] = {"keys": {}, "domain": "", "problem": ""}
    try:
        if row.did:
            document, found["keys"] = _read_document(row)
            if row.requires_domain:
                found["domain"] = _read_its_domain(row, document, found["keys"])
        state = TrustedIssuer.State.TRUSTED
    except (ReadmitError, ProtocolError) as error:
        state = TrustedIssuer.State.BROKEN
        found = {"keys": {}, "domain": "", "problem": problem_of(error)[:60]}

    def apply() -> None:
        before = row.state
        TrustedIssuer.objects.filter(id=row.id).update(state=state, checked_at=clock.now(), **found)
        if before != state:
            record_event(
                EventName.TRUSTED_ISSUER_CHECKED,
                actor=SYSTEM,
                subject=row.public_id,
                data={"state": str(state), "problem": found["problem"]},
            )

    return apply


@effect
def check_shown(job: Job) -> Apply | None:
    """The status of a trusted issuer's credential, asked where that issuer's lists lie. No answer is no."""
    if job.tenant_id is None:
        return None
    row_id = job.uuid("presentation_id")
    problem = problem_of_shown(job.tenant_id, row_id)
    return None if problem is None else partial(complete_status_check, row_id, problem)


def check_trusted_issuers() -> None:
    """Every issuer's keys once more, so that none is believed on what it said long ago. Periodic."""
    for tenant_id in set(tenants_with(TrustedIssuer, "", Tenant.objects.values_list("id", flat=True))):
        with tenant_scope(tenant_id):
            for issuer_id in TrustedIssuer.objects.values_list("id", flat=True):
                check_issuer_again(issuer_id)


def let_go() -> None:
    """Destroy portraits and claims whose time is over, and old nonces; let keys take over that are due, and
    stand in for a worker that died. Periodic."""
    now, month_ago = clock.now().isoformat(), (clock.now() - timedelta(days=30)).isoformat()
    due = tenants_with_any(
        {
            SigningKey: f"state = '{SigningKey.State.PENDING}' AND signs_from <= '{now}'",
            Issuance: f"expires_at < '{now}' AND destroyed_at IS NULL",
            Presentation: f"kept_until < '{now}' AND sealed IS NOT NULL OR created_at < '{month_ago}'",
            # Few, and those that are done stay for a month: whether one was left alone is looked at there.
            BulkRevocation: "",
            ProofNonce: f"expires_at < '{now}'",
        },
        Tenant.objects.values_list("id", flat=True),
    )
    for tenant_id in set(due):
        with tenant_scope(tenant_id):
            use_due_keys()
            destroy_old_issuances()
            destroy_old_presentations()
            take_up_again()
            ProofNonce.objects.filter(expires_at__lt=clock.now()).delete()
            Presentation.objects.filter(created_at__lt=clock.now() - timedelta(days=30)).delete()
