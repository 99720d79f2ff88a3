"""The sealer: numbers and chains what has been committed.

Events are written without a lock and may commit in any order; the sealer gives each its number once it can see it, in
a transaction of its own under one lock for each tenant. So numbers have no gaps, never change, and two sealers at once
give none twice.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.audit.chain import START, PublicHalf, next_digest
from tenants.audit.heads import sign_tail
from tenants.audit.models import AuditEvent, AuditLink, AuditPending
from tenants.audit.tails import note_tail

BATCH = 1000


def tenants_with_unsealed_events() -> list[UUID]:
    """One query for the whole platform; ids only."""
    return list(AuditPending.objects.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def _try_lock(tenant_id: UUID) -> bool:
    """Held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit seal {tenant_id}"]
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def public_half(event: AuditEvent) -> PublicHalf:
    return PublicHalf(
        event.id,
        event.created_at,
        event.name,
        event.actor_kind,
        event.actor_id,
        event.subject,
        event.case_id,
        event.data,
        bytes(event.personal_digest) if event.personal_digest else None,
    )


def _seal_batch(tenant_id: UUID) -> int:
    with tenant_scope(tenant_id):
        if not _try_lock(tenant_id):
            return 0
        waiting = list(
            AuditPending.objects.filter(tenant_id=tenant_id)
            .order_by("id")
            .values_list("id", flat=True)[:BATCH]
        )
        tail = AuditLink.objects.order_by("-number").first()
        number, digest = (tail.number, bytes(tail.chain_digest)) if tail else (0, START)
        links = []
        for event in AuditEvent.objects.filter(id__in=waiting).order_by("created_at", "id"):
            number += 1
            digest = next_digest(digest, tenant_id, number, public_half(event))
            links.append(AuditLink(event_id=event.id, number=number, chain_digest=digest))
        AuditLink.objects.bulk_create(links)
        AuditPending.objects.filter(id__in=waiting).delete()
        if links:
            note_tail(tenant_id, number, digest)
        sign_tail()
    return len(waiting)


def seal_events(tenant_id: UUID) -> int:
    """Give every committed event of one tenant its place. Quiet (0) while another sealer is at it."""
    require_no_transaction()
    sealed = 0
    while True:
        batch = _seal_batch(tenant_id)
        sealed += batch
        if batch < BATCH:
            return sealed
