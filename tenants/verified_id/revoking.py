"""Many cards revoked together: chosen at one moment, counted before, done by the worker in batches (decision 0043).

Protects against a second look at a filter that finds others than the member saw: what counts is the list of identifiers
that was drawn up when the member confirmed, and the number that stood on their page. A worker that dies is stood in for,
and what was revoked stays so. What it does not do: decide who may.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Refused
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.verified_id.credentials import digest_of, record_many, revoke_rows
from tenants.verified_id.models import Authority, BulkRevocation, Credential
from tenants.verified_id.selectors import get_authority

MOST = 100_000
BATCH = 500
REASON = "revoked_by_member"
# A worker that has not got further for so long is gone.
SILENT = timedelta(minutes=2)
KEPT = timedelta(days=30)
_ID_BYTES = 16


def count_chosen(chosen: QuerySet[Credential]) -> dict[str, int]:
    """What revoking all of them would do, in one query: `valid`, `expired` and `suspended` would go, `revoked` are gone."""
    moment, state = clock.now(), Credential.State
    return chosen.order_by().aggregate(
        valid=Count("id", filter=Q(state=state.VALID, expires_at__gt=moment)),
        expired=Count("id", filter=Q(state=state.VALID, expires_at__lte=moment)),
        suspended=Count("id", filter=Q(state=state.SUSPENDED)),
        revoked=Count("id", filter=Q(state=state.REVOKED)),
    )


@transaction.atomic
def begin_revoking(
    chosen: QuerySet[Credential], *, expected: int, actor: Actor, words: str
) -> BulkRevocation:
    """Draw up the list, record it and hand it to the worker. Refused with a sentence when it is not the `expected` number
    any more, is empty or too long. Quiet for a list that is under way already."""
    Authority.objects.select_for_update().get(id=get_authority().id)
    wanted = chosen.exclude(state=Credential.State.REVOKED).order_by("id")
    ids = list(wanted.values_list("id", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        raise Refused(
            "too_many_cards",
            _("More than %(most)d cards are too many for one move. Choose a shorter time.") % {"most": MOST},
        )
    found = BulkRevocation.objects.filter(finished_at=None, digest=digest_of(ids)).first() if ids else None
    if found is not None:
        return found
    if not ids or len(ids) != expected:
        raise Refused(
            "cards_changed",
            _("The number of cards changed while you looked. It is right now; look at it once more."),
        )
    made = BulkRevocation.objects.create(
        chosen=b"".join(row_id.bytes for row_id in ids), digest=digest_of(ids), total=len(ids)
    )
    record_many(ids, reason=REASON, actor=actor, words=words)
    _send_for_work(made)
    return made


def _send_for_work(row: BulkRevocation) -> None:
    enqueue("verified_id.revoke_chosen", tenant_id=current_tenant_id(), revocation_id=row.id)


@effect
def on_revoke_chosen(job: Job) -> Apply | None:
    """It commits as it goes. Two workers at one list wait for nobody: whoever does not get the row leaves."""
    if job.tenant_id is not None:
        while revoke_next(job.tenant_id, job.uuid("revocation_id")):
            pass
    return None


def revoke_next(tenant_id: UUID, revocation_id: UUID) -> bool:
    """One batch, in a transaction of its own; False when nothing is left for us."""
    with tenant_scope(tenant_id):
        live = BulkRevocation.objects.filter(id=revocation_id, finished_at=None)
        row = live.select_for_update(skip_locked=True).first()
        if row is None:
            return False
        ids = _batch(row)
        revoke_rows(Credential.objects.filter(id__in=ids), reason=REASON)
        row.done, row.touched_at = row.done + len(ids), clock.now()
        if row.done >= row.total:
            row.finished_at, row.chosen = row.touched_at, b""
        row.save(update_fields=["done", "touched_at", "finished_at", "chosen"])
        return row.finished_at is None


def _batch(row: BulkRevocation) -> list[UUID]:
    text = bytes(row.chosen)
    start, end = row.done * _ID_BYTES, min(row.done + BATCH, row.total) * _ID_BYTES
    return [UUID(bytes=text[at : at + _ID_BYTES]) for at in range(start, end, _ID_BYTES)]


def take_up_again() -> None:
    """Lists whose worker is gone, of the tenant in scope; and those that were over long ago go. Periodic."""
    silent = BulkRevocation.objects.filter(finished_at=None, touched_at__lt=clock.now() - SILENT)
    for row in silent.defer("chosen"):
        _send_for_work(row)
    BulkRevocation.objects.filter(finished_at__lt=clock.now() - KEPT).delete()


def under_way() -> BulkRevocation | None:
    """The newest list that is not done."""
    found = BulkRevocation.objects.filter(finished_at=None).order_by("-created_at")
    return found.defer("chosen").first()
