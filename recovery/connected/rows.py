"""Reading and moving passes of another directory, and the work that follows. Always with the case locked before the pass."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from portal.kit.sealed import Context
from recovery.alerting import alert_members
from recovery.cases import locked
from recovery.connected.models import MOVES, DirectoryPass, PassState
from recovery.models import Case
from tenants.directory.connections.accounts import home_of_accounts, object_id_of
from tenants.directory.connections.tokens import Held, hold

MAKE, LOOK, CLEAR = "connected.make_pass", "connected.look", "connected.clear"
# How long a case waits for a new way to sign in, from the grant on.
PATIENCE = timedelta(hours=24)
MOST_ISSUES = 5
LONGEST_WAIT = 600


def sealed_as(row: DirectoryPass) -> Context:
    return Context("connected_directorypass", "characters_sealed", row.id)


def lives_at() -> str:
    """Which kind of directory accounts live in; empty where they live here. One query."""
    home = home_of_accounts()
    return home.kind if home else ""


def pass_of_case(case_id: UUID) -> DirectoryPass | None:
    return DirectoryPass.objects.filter(case_id=case_id).first()


def hold_for(row: DirectoryPass, tenant_id: UUID) -> Held | None:
    """The connection that it was asked for. None once that was removed, whatever was entered since: what another
    organisation answers says nothing of this account."""
    held = hold(tenant_id)
    return held if held is not None and held.row.id == row.connection_id else None


def locked_pass(row_id: UUID) -> tuple[DirectoryPass, Case] | None:
    """The pass and its case, each read under its lock, the case first."""
    case_id = DirectoryPass.objects.filter(id=row_id).values_list("case_id", flat=True).first()
    return _locked(row_id, case_id) if case_id else None


def locked_pass_of(case_id: UUID) -> tuple[DirectoryPass, Case] | None:
    """The same, for a case; None for one whose account lives here."""
    held = pass_of_case(case_id)
    return _locked(held.id, case_id) if held else None


def _locked(row_id: UUID, case_id: UUID) -> tuple[DirectoryPass, Case]:
    case = locked(case_id)
    return DirectoryPass.objects.select_for_update().get(id=row_id), case


def open_pass(case: Case) -> DirectoryPass:
    """Ask for a pass for the browser of a case that was granted. With the case locked."""
    home = home_of_accounts()
    row = DirectoryPass.objects.create(
        case=case,
        directory=home.kind if home else "",
        connection_id=home.id if home else None,
        object_id=object_id_of(case.person_id) if case.person_id else "",
        browser_digest=bytes(case.browser_digest),
    )
    do_next(row, MAKE)
    row.save(update_fields=["next_at"])
    return row


def move_pass(row: DirectoryPass, target: PassState) -> bool:
    """Whether there was something to move. The caller saves."""
    if not MOVES.check(PassState(row.state), target):
        return False
    row.state = target
    return True


def do_next(row: DirectoryPass, topic: str, *, after: timedelta = timedelta(0)) -> None:
    """Enqueue the next piece of work about it. The caller saves `next_at`."""
    row.next_at = clock.now() + after
    due: datetime | None = row.next_at if after else None
    enqueue(topic, tenant_id=current_tenant_id(), available_at=due, row_id=row.id)


def alert_once(row: DirectoryPass, case: Case, code: str) -> None:
    """The caller saves `alerts`."""
    if code not in row.alerts:
        row.alerts = [*row.alerts, code]
        alert_members(case, reasons=[code])


def wait_after(tries: int, *, asked: int | None = None) -> timedelta:
    """Twice as long each time, and as long as the other side asks for."""
    return timedelta(seconds=asked if asked is not None else min(2 ** min(tries, 12), LONGEST_WAIT))
