"""What is done in the directory elsewhere once it is over: the pass goes, and what it was for or against.

`passes`: what was made for nobody is deleted. `lost`: after a recovery the ways to sign in from before go, and sessions end, as
the organisation and the profile say (recovery.old_ways). `end`: the pass goes, without a recovery. `repudiated`: the pass and every way to sign in that came
after the grant go, and sessions end whatever the organisation says. Each may be done twice, and goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.remote import TROUBLE, Busy, RemoteRefused
from portal.kit.scope import tenant_scope
from recovery.alerting import alert_members
from recovery.connected.models import DirectoryPass, PassState
from recovery.connected.rows import (
    CLEAR,
    alert_once,
    do_next,
    hold_for,
    locked_pass,
    locked_pass_of,
    move_pass,
    wait_after,
)
from recovery.models import Case
from recovery.old_ways import ends_sessions_there, removes_there
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.contract import AccountGone, Door, Method
from tenants.directory.connections.tokens import Held, with_door

MOST_TRIES = 60
# The worst comes first: what was asked for later does not take the place of what is worse.
RANK = {"": 0, "passes": 1, "lost": 2, "end": 2, "repudiated": 3}


def take_back(case: Case, *, is_repudiated: bool) -> None:
    """Give up a case's pass there: at once here, there by the worker. Quiet for a case without one. With the case locked."""
    found = locked_pass_of(case.id)
    if found is None:
        return
    row, _case = found
    # Before a pass was made nothing can have come of it.
    wanted = "repudiated" if is_repudiated and row.issues else "end"
    if row.state == PassState.ENDED and (wanted == "end" or row.clearing == wanted):
        return
    move_pass(row, PassState.ENDED)
    row.characters_sealed, row.clearing_tries = None, 0
    row.clearing = wanted if RANK[wanted] > RANK[row.clearing] else row.clearing
    do_next(row, CLEAR)
    row.save()


@dataclass(frozen=True, slots=True)
class Ready:
    held: Held
    object_id: str
    what: str
    pass_ids: tuple[str, ...]
    takes_every_pass: bool
    known: frozenset[str] | None
    removes_methods: bool
    ends_sessions: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """The connection was removed: nothing can be done there from here."""


@dataclass(frozen=True, slots=True)
class Cleared:
    removed: int = 0
    left: int = 0


@effect
def clear(job: Job) -> Apply | None:
    if job.tenant_id is None:
        return None
    row_id = job.uuid("row_id")
    with tenant_scope(job.tenant_id):
        ready = _ready(job.tenant_id, row_id)
    if ready is None:
        return None
    if isinstance(ready, Gone):
        return partial(_give_up, row_id)
    try:
        cleared = with_door(ready.held, partial(_cleared, ready))
    except AccountGone:
        cleared = Cleared()
    except TROUBLE as trouble:
        return partial(_wait, row_id, trouble)
    return partial(_done, row_id, ready, cleared)


def _ready(tenant_id: UUID, row_id: UUID) -> Ready | Gone | None:
    passes = DirectoryPass.objects.select_related("case__profile", "case__person")
    row = passes.filter(id=row_id).exclude(clearing="").first()
    if row is None or not row.object_id:
        return None
    held = hold_for(row, tenant_id)
    if held is None:
        return Gone()
    is_repudiated = row.clearing == "repudiated"
    others = DirectoryPass.objects.filter(object_id=row.object_id).exclude(id=row.id)
    return Ready(
        held,
        row.object_id,
        row.clearing,
        (*row.stray_passes, *([row.pass_id] if row.clearing != "passes" and row.pass_id else [])),
        # One that was made by somebody who died before it was written down; unless it is another case's by now.
        takes_every_pass=row.clearing != "passes" and not others.exclude(state=PassState.ENDED).exists(),
        known=frozenset(row.known_methods) if row.known_methods is not None else None,
        removes_methods=is_repudiated
        or (row.clearing == "lost" and removes_there(row.case, chosen=held.row.removes_lost)),
        ends_sessions=is_repudiated
        or (row.clearing == "lost" and ends_sessions_there(row.case, chosen=held.row.ends_sessions)),
    )


def _cleared(ready: Ready, door: Door) -> Cleared:
    for found in door.list_passes(ready.object_id):
        if ready.takes_every_pass or found.id in ready.pass_ids:
            door.delete_pass(ready.object_id, found.id)
    cleared = (
        _without_methods(ready, door) if ready.removes_methods and ready.known is not None else Cleared()
    )
    if ready.ends_sessions:
        door.end_sessions(ready.object_id)
    return cleared


def _without_methods(ready: Ready, door: Door) -> Cleared:
    """After a recovery what was known before it goes; after "this was not me" what came since."""
    assert ready.known is not None
    wanted = _wanted(door.list_methods(ready.object_id), ready.known, ready.what == "repudiated")
    gone = [door.delete_method(ready.object_id, one) for one in wanted]
    return Cleared(sum(gone), len(gone) - sum(gone))


def _wanted(methods: Sequence[Method], known: frozenset[str], is_repudiated: bool) -> list[Method]:
    return [one for one in methods if one.is_removable and (one.id in known) is not is_repudiated]


def _done(row_id: UUID, ready: Ready, cleared: Cleared) -> None:
    found = locked_pass(row_id)
    if found is None or found[0].clearing != ready.what:
        return
    row, case = found
    row.clearing, row.next_at, row.stray_passes = "", None, []
    row.save(update_fields=["clearing", "next_at", "stray_passes"])
    record_event(
        EventName.ACCOUNT_CLEARED,
        actor=SYSTEM,
        subject=row.public_id,
        case_id=case.id,
        data={
            "reason": ready.what,
            "removed": cleared.removed,
            "left": cleared.left,
            "ends_sessions": ready.ends_sessions,
        },
    )
    if cleared.left:
        alert_members(case, reasons=["methods_left"])


def _give_up(row_id: UUID) -> None:
    """The members do it there."""
    found = locked_pass(row_id)
    if found is None or not found[0].clearing:
        return
    row, case = found
    row.next_at = None
    alert_once(row, case, "account_not_cleared")
    row.save(update_fields=["next_at", "alerts"])


def _wait(row_id: UUID, trouble: RemoteRefused | Unavailable | Misconfigured) -> None:
    found = locked_pass(row_id)
    if found is None or not found[0].clearing:
        return
    row, case = found
    row.clearing_tries += 1
    if row.clearing_tries == MOST_TRIES or (isinstance(trouble, RemoteRefused) and row.clearing_tries == 1):
        alert_once(row, case, "account_not_cleared")
    if row.clearing_tries < MOST_TRIES:
        asked = trouble.pause if isinstance(trouble, Busy) else None
        do_next(row, CLEAR, after=max(wait_after(row.clearing_tries, asked=asked), timedelta(seconds=5)))
    else:
        row.next_at = None
    row.save(update_fields=["clearing_tries", "next_at", "alerts"])
