"""Looking whether a pass was used and a new way to sign in came of it, by the worker, seldomer as time goes by.

Protects an account from being called recovered by what somebody else did: a way to sign in counts only when it was not there
before the first pass, says that it was made after it (both by the directory's clock, however wrong that is), is one that
takes the person there, and the pass was shown in the browser that recovered and was used. A new way to sign in without that
is told to the members: whoever had the account before may have added it. What it does not do: tell who held the pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, Job, effect
from portal.kit.remote import TROUBLE, Busy, RemoteRefused
from portal.kit.scope import tenant_scope
from recovery.alerting import alert_members
from recovery.cases import move_case
from recovery.completion import complete_elsewhere
from recovery.connected.models import WATCHED, DirectoryPass, PassState
from recovery.connected.rows import (
    CLEAR,
    LOOK,
    alert_once,
    do_next,
    hold_for,
    locked_pass,
    move_pass,
    wait_after,
)
from recovery.models import Case
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.contract import Account, AccountGone, Door, Fate, Method, Span
from tenants.directory.connections.registry import PROVIDERS
from tenants.directory.connections.tokens import Held, with_door
from tenants.models import Tenant

# Seconds between two looks, by the minutes since the pass was made or shown.
PACE = ((20, 25), (120, 60), (24 * 60, 300))


@dataclass(frozen=True, slots=True)
class Seen:
    account: Account
    methods: list[Method]
    fate: Fate


@dataclass(frozen=True, slots=True)
class Ready:
    """A pass to look after, while no transaction is open."""

    held: Held
    object_id: str
    attempt: int
    pass_id: str
    valid: Span
    is_over: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """The connection that the pass was asked for was removed: nobody says any more what became of it."""

    attempt: int


@effect
def look(job: Job) -> Apply | None:
    if job.tenant_id is None:
        return None
    row_id = job.uuid("row_id")
    with tenant_scope(job.tenant_id):
        ready = _ready(job.tenant_id, row_id)
    if ready is None:
        return None
    if isinstance(ready, Gone):
        return partial(_stop, row_id, ready.attempt, "accounts_moved")
    try:
        seen = with_door(ready.held, partial(_seen, ready))
    except AccountGone:
        return partial(_stop, row_id, ready.attempt, "account_gone")
    except TROUBLE as trouble:
        return partial(_wait, row_id, ready.attempt, trouble)
    return partial(_apply, job.tenant_id, row_id, ready.attempt, seen)


def _seen(ready: Ready, door: Door) -> Seen:
    """Methods before the pass: whoever uses it in between is seen the next time."""
    account = door.read_account(ready.object_id)
    methods = door.list_methods(ready.object_id)
    fate = door.fate_of_pass(
        ready.object_id,
        ready.pass_id,
        account=account,
        valid=ready.valid,
        is_over=ready.is_over,
    )
    return Seen(account, methods, fate)


def _ready(tenant_id: UUID, row_id: UUID) -> Ready | Gone | None:
    row = DirectoryPass.objects.filter(id=row_id, state__in=WATCHED).first()
    if row is None or row.made_there is None or row.until_there is None:
        return None
    held = hold_for(row, tenant_id)
    if held is None:
        return Gone(row.attempt)
    valid = Span(row.made_there, row.until_there)
    is_over = row.expires_at is not None and row.expires_at <= clock.now()
    return Ready(held, row.object_id, row.attempt, row.pass_id, valid, is_over)


def _current(row_id: UUID, attempt: int) -> tuple[DirectoryPass, Case] | None:
    found = locked_pass(row_id)
    if found is None or found[0].state not in WATCHED or found[0].attempt != attempt:
        return None
    return found if found[1].state is CaseStatus.HANDED_OVER else None


def _apply(tenant_id: UUID, row_id: UUID, attempt: int, seen: Seen) -> None:
    current = _current(row_id, attempt)
    if current is None:
        return
    row, case = current
    if not seen.account.is_enabled:
        _end(row, case, "account_disabled")
        return
    row.looked_at, row.tries = clock.now(), 0
    _note_pass(row, case, seen.fate)
    fresh = new_methods(row, seen.methods)
    if fresh and row.is_used and row.shown_at is not None:
        _complete(tenant_id, row, case, fresh)
        return
    if fresh:
        alert_once(row, case, "method_without_pass")
    do_next(row, LOOK, after=timedelta(seconds=_pace(row)))
    row.save()


def new_methods(row: DirectoryPass, methods: Sequence[Method]) -> list[Method]:
    """Those that count: not there before the first pass, and not older than it."""
    known, since = row.known_methods, row.first_made_there
    if known is None or since is None:
        return []
    # The directory tells some times to the second only.
    since = since.replace(microsecond=0)
    return [
        one
        for one in methods
        if one.counts and one.id not in known and one.created_at is not None and one.created_at >= since
    ]


def _note_pass(row: DirectoryPass, case: Case, fate: Fate) -> None:
    row.is_used = row.is_used or fate is Fate.USED
    if fate is not Fate.GONE or row.is_used or row.state == PassState.LOST:
        return
    # Whoever replaced it can use theirs: the members have to know.
    move_pass(row, PassState.LOST)
    row.characters_sealed = None
    record_event(EventName.PASS_LOST, actor=SYSTEM, subject=row.public_id, case_id=case.id)
    alert_members(case, reasons=["pass_lost"])


def _pace(row: DirectoryPass) -> int:
    since = max(moment for moment in (row.created_at, row.shown_at) if moment is not None)
    minutes = (clock.now() - since).total_seconds() / 60
    return next((seconds for until, seconds in PACE if minutes < until), PACE[-1][1])


def _complete(tenant_id: UUID, row: DirectoryPass, case: Case, fresh: Sequence[Method]) -> None:
    place = PROVIDERS[row.directory].words.place
    first = min(fresh, key=lambda one: str(one.created_at))
    row.method_kind, row.method_made_there = first.kind, first.created_at
    move_pass(row, PassState.USED)
    row.characters_sealed, row.next_at, row.clearing = None, None, "lost"
    do_next(row, CLEAR)
    row.save()
    complete_elsewhere(
        Tenant.objects.get(id=tenant_id), case, place=place, kind=first.kind, number=len(fresh)
    )


def _stop(row_id: UUID, attempt: int, code: str) -> None:
    current = _current(row_id, attempt)
    if current is not None:
        _end(*current, code)


def _end(row: DirectoryPass, case: Case, code: str) -> None:
    row.problem = code
    row.save(update_fields=["problem"])
    case = move_case(case.id, CaseStatus.EXPIRED, reasons=[code])
    alert_members(case, reasons=[code])


def _wait(row_id: UUID, attempt: int, trouble: RemoteRefused | Unavailable | Misconfigured) -> None:
    """Nothing is known until somebody answers again: the case neither ends nor goes on."""
    current = _current(row_id, attempt)
    if current is None:
        return
    row, case = current
    row.tries += 1
    asked = trouble.pause if isinstance(trouble, Busy) else None
    do_next(row, LOOK, after=max(wait_after(row.tries, asked=asked), timedelta(seconds=PACE[0][1])))
    if isinstance(trouble, RemoteRefused):
        alert_once(row, case, "pass_not_watched")
    row.save(update_fields=["tries", "next_at", "alerts"])
