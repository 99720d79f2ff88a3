"""`manage.py sync_people --tenant SLUG [--everything]`: read people and groups from the connected directory now, and wait for the end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from portal.kit import clock, outbox
from portal.kit.errors import NotHere
from portal.kit.scope import tenant_scope
from tenants.directory.connections import rounds, services, wording
from tenants.directory.connections.models import DirectoryConnection, SyncRun
from tenants.management.operating import DONE, REFUSED, UNKNOWN, OperatingCommand, tenant_named
from tenants.models import Heartbeat, Outbox, Tenant

LOOK_SECONDS = 0.5
# A worker that beat since then takes the steps; without one this process does.
ALIVE = timedelta(seconds=15)


class Command(OperatingCommand):
    help = "Read people and groups from the connected directory now, as the page does. Waits for one that is under way."
    exit_codes = (
        "Exit codes: 0 done, 1 done and a removal or suspension is held for an owner, or refused (no such organisation, not connected,\n"
        "paused), 2 it stopped by a problem (one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--everything", action="store_true", help="the whole directory again, not only what changed"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            if services.connection() is None:
                raise NotHere("no_connection", "This organisation is not connected to a directory.")
            run, is_waiting = services.ask_for_sync(actor=self.actor(), everything=options["everything"])
        if is_waiting:
            self.stderr.write("Another synchronisation is under way; this one follows it.")
            run = self._next_after(tenant, self._ended(tenant, run.id), everything=options["everything"])
        return self._told(tenant, self._ended(tenant, run.id))

    def _ended(self, tenant: Tenant, run_id: UUID) -> SyncRun:
        while True:
            with tenant_scope(tenant.id):
                run = services.run_with(run_id)
            if run is None:
                raise NotHere("no_connection", "The connection was removed meanwhile.")
            if run.state != SyncRun.State.RUNNING:
                return run
            if _has_worker() or not _step(tenant):
                time.sleep(LOOK_SECONDS)

    def _next_after(self, tenant: Tenant, run: SyncRun, *, everything: bool) -> SyncRun:
        """The one that follows; a new one where that did not come to be."""
        with tenant_scope(tenant.id):
            follows = services.live_run()
            return follows or services.ask_for_sync(actor=self.actor(), everything=everything)[0]

    def _told(self, tenant: Tenant, run: SyncRun) -> tuple[int, Mapping[str, Any]]:
        with tenant_scope(tenant.id):
            row = services.connection()
        held = {
            "people": row.held_people if row else 0,
            "memberships": row.held_memberships if row else 0,
            "suspensions": row.held_suspensions if row else 0,
        }
        told = {
            "tenant": tenant.slug,
            "id": run.public_id,
            "state": run.state,
            "problem": run.problem,
            "counts": run.counts,
            "held": held,
            "began_at": run.created_at.isoformat(timespec="seconds"),
            "ended_at": run.ended_at.isoformat(timespec="seconds") if run.ended_at else None,
        }
        if run.state == SyncRun.State.FAILED:
            self.stderr.write(_problem(run, row))
            return UNKNOWN, told
        if run.state != SyncRun.State.DONE:
            self.stderr.write("It was stopped by a colleague.")
            return REFUSED, told
        return (REFUSED if any(held.values()) else DONE), told


def _problem(run: SyncRun, row: DirectoryConnection | None) -> str:
    """In the words of the directory; its code where the connection was removed meanwhile."""
    return wording.problem_sentence(services.provider_of(row).words, run.problem) if row else run.problem


def _has_worker() -> bool:
    return Heartbeat.objects.filter(name="worker", beat_at__gt=clock.now() - ALIVE).exists()


def _step(tenant: Tenant) -> bool:
    """Take the step that is due. False when there is none."""
    due = Outbox.objects.filter(topic=rounds.TOPIC, tenant_id=tenant.id, failed_at=None)
    # What was just enqueued is leased to a broker that nobody listens to.
    row = due.filter(available_at__lte=clock.now() + outbox.LEASE).order_by("created_at").first()
    if row is None:
        return False
    with tenant_scope(tenant.id):
        run = services.live_run()
    if run is not None and run.next_at is not None and run.next_at > clock.now():
        return False
    return outbox.run(row.id)
