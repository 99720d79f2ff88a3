"""Making a pass in the directory elsewhere, by the worker.

Protects an account from a second pass and from one that somebody else holds. Before anything is made it is written down that
somebody begins, and what the account signs in with until then; who died in between is followed by a worker that removes
whatever pass is there, because nobody was ever shown it. A pass counts when it stands among the passes of this very account,
and only then its characters are kept, sealed. What it does not do: show them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.remote import TROUBLE, Busy, RemoteRefused
from portal.kit.scope import tenant_scope
from portal.kit.sealed import seal
from recovery.alerting import alert_members
from recovery.cases import move_case, record_step
from recovery.connected.models import DirectoryPass, PassState
from recovery.connected.rows import (
    CLEAR,
    LOOK,
    MAKE,
    alert_once,
    do_next,
    hold_for,
    locked_pass,
    move_pass,
    sealed_as,
    wait_after,
)
from recovery.models import Case
from recovery.old_ways import ends_sessions_there
from recovery.statuses import CaseStatus, StepKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.contract import AccountGone, Door, MadePass
from tenants.directory.connections.tokens import Held, with_door
from tenants.directory.models import DirectoryPerson

# Whoever has not come to the making by then leaves it to the next: the job is taken up by another worker after a minute.
MUST_MAKE_WITHIN = 25.0
ALERT_AFTER = 5
FIRST_LOOK = timedelta(seconds=25)
# Codes that a colleague is told as they are, at once.
TOLD = frozenset(
    {
        *("permission_missing_users", "permission_missing_methods", "permission_missing_policy"),
        *("permission_missing_sessions", "secret_expired", "secret_wrong", "pass_of_another"),
        "pass_not_once",
    }
)
OPEN = (CaseStatus.GRANTED, CaseStatus.HANDED_OVER)


class Lasting(Exception):
    """No pass can be made for this account, and asking again changes nothing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Begun:
    """One attempt, while no transaction is open."""

    row_id: UUID
    attempt: int
    tenant_id: UUID
    object_id: str
    held: Held
    minutes: int
    is_first: bool
    ends_sessions: bool
    until: float


@dataclass(frozen=True, slots=True)
class Made:
    made: MadePass = field(repr=False)
    replaced: bool
    earlier_was_used: bool
    directory: str


@effect
def make(job: Job) -> Apply | None:
    if job.tenant_id is None:
        return None
    row_id = job.uuid("row_id")
    with tenant_scope(job.tenant_id):
        begun = _begin(job.tenant_id, row_id)
    if begun is None:
        return None
    if isinstance(begun, Lasting):
        return partial(_refuse, row_id, None, begun.code)
    try:
        made = with_door(begun.held, partial(_made, begun))
    except Lasting as lasting:
        return partial(_refuse, row_id, begun.attempt, lasting.code)
    except AccountGone as gone:
        return partial(_refuse, row_id, begun.attempt, gone.code)
    except TROUBLE as trouble:
        return partial(_delay, row_id, begun.attempt, trouble)
    return partial(_keep, row_id, begun.attempt, made)


def _begin(tenant_id: UUID, row_id: UUID) -> Begun | Lasting | None:
    """Write down that somebody begins; committed before anything is asked."""
    found = locked_pass(row_id)
    if found is None or found[0].state != PassState.WAITING or found[1].state not in OPEN:
        return None
    row, case = found
    if case.person is None or case.person.status != DirectoryPerson.Status.ACTIVE:
        return Lasting("account_disabled")
    held = hold_for(row, tenant_id)
    if held is None or held.row.accounts_since is None:
        return Lasting("accounts_moved")
    if not row.object_id:
        return Lasting("account_not_there")
    row.attempt += 1
    row.save(update_fields=["attempt"])
    return Begun(
        row.id,
        row.attempt,
        tenant_id,
        row.object_id,
        held,
        case.profile.pass_lifetime_minutes,
        row.known_methods is None,
        ends_sessions_there(case, chosen=held.row.ends_sessions) and row.issues == 0,
        time.monotonic() + MUST_MAKE_WITHIN,
    )


def _made(begun: Begun, door: Door) -> Made:
    """Read, then make, then look whether it is there. In the order in which a refusal costs least."""
    account = door.read_account(begun.object_id)
    if account.is_guest:
        raise Lasting("account_guest")
    if not account.is_enabled:
        raise Lasting("account_disabled")
    policy = door.read_policy()
    if not policy.is_enabled:
        raise Lasting("pass_policy_off")
    if begun.is_first:
        known = door.list_methods(begun.object_id)
        with tenant_scope(begun.tenant_id):
            _note_known(begun, [one.id for one in known])
    if begun.ends_sessions:
        door.end_sessions(begun.object_id)
    earlier = door.list_passes(begun.object_id)
    for one in earlier:
        door.delete_pass(begun.object_id, one.id)
    if time.monotonic() > begun.until:
        raise Unavailable("no_answer")
    made = door.make_pass(begun.object_id, policy, minutes=begun.minutes)
    if made.id not in [one.id for one in door.list_passes(begun.object_id)]:
        raise Unavailable("pass_of_another")
    if not made.is_usable:
        door.delete_pass(begun.object_id, made.id)
        raise Lasting("pass_out_of_scope")
    return Made(made, bool(earlier), any(one.is_used for one in earlier), begun.held.row.kind)


def _note_known(begun: Begun, known: list[str]) -> None:
    """Once, and for good: what is there later and not in it came after the grant."""
    row = DirectoryPass.objects.select_for_update().get(id=begun.row_id)
    if row.known_methods is None:
        row.known_methods = known
        row.save(update_fields=["known_methods"])


def _current(row_id: UUID, attempt: int | None) -> tuple[DirectoryPass, Case] | None:
    """The pass and its case, if this attempt is the last that began and the case still wants it."""
    found = locked_pass(row_id)
    if found is None or found[0].state != PassState.WAITING or found[1].state not in OPEN:
        return None
    return found if attempt is None or found[0].attempt == attempt else None


def _keep(row_id: UUID, attempt: int, found: Made) -> None:
    current = _current(row_id, attempt)
    if current is None:
        _note_stray(row_id, found.made.id)
        return
    row, case = current
    made, now = found.made, clock.now()
    row.pass_id, row.characters_sealed = made.id, seal(made.characters.encode(), sealed_as(row))
    row.first_made_there = row.first_made_there or made.created_at
    row.made_there = made.created_at
    row.until_there = made.created_at + timedelta(minutes=made.minutes)
    row.expires_at = now + timedelta(minutes=made.minutes)
    row.issues, row.tries, row.problem, row.shown_at = row.issues + 1, 0, "", None
    # Of a one-time pass that was used before it was replaced.
    row.is_used = row.is_used or (found.earlier_was_used and row.issues > 1)
    move_pass(row, PassState.READY)
    do_next(row, LOOK, after=FIRST_LOOK)
    row.save()
    record_event(
        EventName.PASS_ISSUED,
        actor=SYSTEM,
        subject=row.public_id,
        case_id=case.id,
        data={
            "minutes": made.minutes,
            "directory": found.directory,
            "replaced": found.replaced,
            "attempt": row.issues,
            "seconds_apart": _seconds_apart(made.created_at, now),
        },
    )
    record_step(
        case, StepKind.PASS_ISSUED, evidence={"directory": found.directory, "replaced": found.replaced}
    )
    if case.state is CaseStatus.GRANTED:
        move_case(case.id, CaseStatus.HANDED_OVER)


def _seconds_apart(there: datetime, here: datetime) -> int:
    """How far their clock is from ours: of no consequence, and good to know."""
    return int((there - here).total_seconds())


def _note_stray(row_id: UUID, pass_id: str) -> None:
    """Made for nobody: the case ended meanwhile, or another worker was quicker."""
    found = locked_pass(row_id)
    if found is None:
        return
    row, _case = found
    row.stray_passes = [*row.stray_passes, pass_id]
    row.clearing = row.clearing or "passes"
    do_next(row, CLEAR)
    row.save(update_fields=["stray_passes", "clearing", "next_at"])


def _refuse(row_id: UUID, attempt: int | None, code: str) -> None:
    """No pass for this account. The person is told to call, the members why."""
    current = _current(row_id, attempt)
    if current is None:
        return
    row, case = current
    row.problem = code
    row.save(update_fields=["problem"])
    record_event(
        EventName.PASS_REFUSED,
        actor=SYSTEM,
        subject=row.public_id,
        case_id=case.id,
        data={"reason": code, "tries": row.attempt},
    )
    target = CaseStatus.REFUSED if case.state is CaseStatus.GRANTED else CaseStatus.EXPIRED
    case = move_case(case.id, target, reasons=[code])
    alert_members(case, reasons=[code])


def _delay(row_id: UUID, attempt: int, trouble: RemoteRefused | Unavailable | Misconfigured) -> None:
    """Not now. What an administrator has to change is told at once, an outage once it lasts."""
    current = _current(row_id, attempt)
    if current is None:
        return
    row, case = current
    row.tries, row.problem = row.tries + 1, trouble.code
    after = wait_after(row.tries, asked=trouble.pause if isinstance(trouble, Busy) else None)
    do_next(row, MAKE, after=after)
    if isinstance(trouble, RemoteRefused) or trouble.code in TOLD or row.tries >= ALERT_AFTER:
        alert_once(row, case, trouble.code if trouble.code in TOLD else "pass_delayed")
    row.save(update_fields=["tries", "problem", "next_at", "alerts"])
    record_event(
        EventName.PASS_DELAYED,
        actor=SYSTEM,
        subject=row.public_id,
        case_id=case.id,
        data={"problem": trouble.code, "tries": row.tries},
    )
