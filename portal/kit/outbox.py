"""The outbox: work that follows a change, written in the change's own transaction.

Protects against work lost or done twice when a process dies. The row is the truth, the broker only transport: a task
deletes its row in the transaction that does the work, so a second delivery finds nothing. What it does not do: make an
effect outside the database happen once; such handlers are `effect`s and carry the row's id as idempotency key.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.utils.module_loading import import_string

from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.scope import no_scope, require_no_transaction, tenant_scope
from portal.kit.together import insert_soon

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
# How often whoever is inside an effect says that it lives. One that died says nothing, and is stood in for when its lease is
# over; one that waits long for somebody outside keeps the work.
RENEWED_EVERY = 5.0
MAX_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Job:
    """`payload` holds ids only; nothing personal travels through the broker or rests in the outbox."""

    id: UUID
    topic: str
    tenant_id: UUID | None
    payload: Mapping[str, str]
    attempt: int

    def uuid(self, name: str) -> UUID:
        return UUID(self.payload[name])


Apply = Callable[[], None]
Handler = Callable[[Job], Apply | None]


class OutboxRow(models.Model):
    """One piece of work still to be done. Platform-owned, ids only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    topic = models.CharField(max_length=80)
    tenant_id = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)
    available_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=80, blank=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def effect(handler: Handler) -> Handler:
    """Marks a handler that talks to the outside: it runs with no transaction open and returns what to apply, which
    runs in the scope and transaction that delete the row."""
    handler.is_effect = True  # type: ignore[attr-defined]
    return handler


def _model() -> Any:
    return apps.get_model(settings.OUTBOX_MODEL)


def _send(row_id: UUID) -> None:
    try:
        import_string(settings.OUTBOX_SENDER)(str(row_id))
    except Exception:  # the broker may be away; the relay finds the row
        log.warning("outbox.send_failed")


def enqueue(
    topic: str, *, tenant_id: UUID | None = None, available_at: datetime | None = None, **ids: str | UUID
) -> UUID:
    """Write the work down in the open transaction; it is sent when that commits. KeyError for an unknown topic."""
    if topic not in settings.OUTBOX_TOPICS:
        raise KeyError(topic)
    due = available_at or clock.now()
    later = due > clock.now()
    row = _model()(
        topic=topic,
        tenant_id=tenant_id,
        payload={name: str(value) for name, value in ids.items()},
        # Leased to the sender below: the relay takes over only if that delivery is lost.
        available_at=due if later else due + LEASE,
    )
    insert_soon(row)
    if not later:
        transaction.on_commit(lambda: _send(row.id))
    row_id: UUID = row.id
    return row_id


def _scope(job: Job) -> AbstractContextManager[None]:
    return tenant_scope(job.tenant_id) if job.tenant_id else nullcontext()


def _job(row: Any) -> Job:
    return Job(row.id, row.topic, row.tenant_id, row.payload, row.attempts)


def _handler(topic: str) -> Handler:
    handler: Handler = import_string(settings.OUTBOX_TOPICS[topic])
    return handler


def run(row_id: UUID) -> bool:
    """Do one row's work. False if there was nothing to do. Never raises: a failure is noted and tried again."""
    require_no_transaction()
    topic = ""
    with no_scope():
        try:
            with transaction.atomic():
                row = _locked(row_id)
                if row is None:
                    return False
                topic = row.topic
                handler = _handler(topic)
                if not getattr(handler, "is_effect", False):
                    with _scope(_job(row)):
                        handler(_job(row))
                    row.delete()
                    return True
                row.available_at = clock.now() + LEASE
                row.attempts += 1
                row.save(update_fields=["available_at", "attempts"])
            return _run_effect(row, handler)
        except Exception as error:
            log.exception("outbox.job_failed", extra={"topic": topic})
            _note_failure(row_id, getattr(error, "code", type(error).__name__))
            return False


def _locked(row_id: UUID) -> Any:
    return _model().objects.select_for_update(skip_locked=True).filter(id=row_id, failed_at=None).first()


def _run_effect(leased: Any, handler: Handler) -> bool:
    with _lease_renewed(leased.id):
        apply = handler(_job(leased))
    with transaction.atomic():
        row = _locked(leased.id)
        if row is None:
            return False
        if apply is not None:
            with _scope(_job(row)):
                apply()
        row.delete()
    return True


@contextmanager
def _lease_renewed(row_id: UUID) -> Iterator[None]:
    """Over before the row is locked to be deleted: a renewal in that moment would pass for somebody else's work."""
    over = threading.Event()
    thread = threading.Thread(target=_renew_lease, args=(row_id, over), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew_lease(row_id: UUID, over: threading.Event) -> None:
    try:
        while not over.wait(RENEWED_EVERY):
            try:
                _model().objects.filter(id=row_id).update(available_at=clock.now() + LEASE)
            except DatabaseError:
                log.warning("outbox.lease_not_renewed")
                connection.close()
    finally:
        connection.close()


def _note_failure(row_id: UUID, code: str) -> None:
    with transaction.atomic():
        row = _locked(row_id)
        if row is None:
            return
        row.attempts += 1
        row.last_error = code[:80]
        if row.attempts >= MAX_ATTEMPTS:
            row.failed_at = clock.now()
        row.available_at = clock.now() + timedelta(seconds=min(2**row.attempts, 300))
        row.save(update_fields=["attempts", "last_error", "failed_at", "available_at"])


def relay(limit: int = 100) -> int:
    """Send again what is due. Returns how many rows were sent."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            _model()
            .objects.select_for_update(skip_locked=True)
            .filter(failed_at=None, available_at__lte=moment)
            .order_by("available_at")
            .values_list("id", flat=True)[:limit]
        )
        _model().objects.filter(id__in=rows).update(available_at=moment + LEASE)
    for row_id in rows:
        _send(row_id)
    return len(rows)


def drain(limit: int = 1000) -> int:
    """Do everything that is due or leased, here and now: for tests and commands without a worker. A row that fails is
    passed over."""
    done, failed = 0, set[UUID]()
    while done < limit:
        horizon = clock.now() + LEASE
        due = _model().objects.filter(failed_at=None, available_at__lte=horizon).exclude(id__in=failed)
        row_id = due.order_by("created_at").values_list("id", flat=True).first()
        if row_id is None:
            break
        if run(row_id):
            done += 1
        else:
            failed.add(row_id)
    return done
