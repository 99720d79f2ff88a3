"""One synchronisation, step by step: a page, a batch of people who left, a batch of groups.

Every step is one transaction that says how far it came, and enqueues the next in it: whoever is killed at any moment loses
nothing and does nothing twice. What is asked outside stands before that transaction; a step whose number has passed is
quiet. Trouble of the other side is waited for, longer each time, and as long as it asks for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.kit import clock
from portal.kit.errors import Misconfigured, Unavailable
from portal.kit.outbox import Apply, enqueue
from portal.kit.remote import Busy, RemoteRefused
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections import leaving, suspending
from tenants.directory.connections.contract import Page, StateLost
from tenants.directory.connections.groups import apply_groups, settle_members, touch_groups_around
from tenants.directory.connections.models import MOVES, DirectoryConnection, Kind, SyncRun, Track
from tenants.directory.connections.people import ACTOR, Outcome, apply_users
from tenants.directory.connections.tokens import Held, hold, with_door

log = logging.getLogger("readmit.directories")

TOPIC = "directory.sync_step"
# A job that is taken up by another worker after a minute is done by then.
AT_A_TIME = 25.0
MOST_TRIES = 10
LONGEST_PAUSE = 600
MOST_FRESH_STARTS = 3
MOST_PAGES = 100_000
MOST_PROBLEMS = 100
STAGE = SyncRun.Stage
READS = {STAGE.USERS: Kind.USERS, STAGE.GROUPS: Kind.GROUPS}


@dataclass(frozen=True, slots=True)
class Ready:
    """A step as it stands before anybody is asked."""

    run_id: UUID
    step: int
    stage: SyncRun.Stage
    held: Held
    link: str = field(repr=False)


def begin_run() -> SyncRun:
    """In the tenant's scope, with the connection locked and no other under way."""
    run = SyncRun.objects.create(counts={})
    enqueue_step(run)
    return run


def forget_places() -> None:
    """The next one reads the whole directory."""
    Track.objects.update(next_link="", delta_link="")


def enqueue_step(run: SyncRun) -> None:
    enqueue(TOPIC, tenant_id=current_tenant_id(), available_at=run.next_at, run_id=run.id)


def take_steps(tenant_id: UUID, run_id: UUID) -> Apply | None:
    """Take steps for a while, each in a transaction of its own, and return the last one to apply: a step of its own job each
    would stand behind the mails that the one before caused. With no transaction open."""
    until = time.monotonic() + AT_A_TIME
    while True:
        apply = take_step(tenant_id, run_id)
        if apply is None:
            return None
        if time.monotonic() >= until:
            return partial(_let_go_of_answer, apply)
        with tenant_scope(tenant_id):
            goes_on = apply(is_followed=True)
        if not goes_on:
            return None


def _let_go_of_answer(apply: Callable[[], bool]) -> None:
    apply()


def take_step(tenant_id: UUID, run_id: UUID) -> partial[bool] | None:
    """Ask for what the next step needs; returns what to apply. With no transaction open."""
    ready = _ready(tenant_id, run_id)
    if ready is None:
        return None
    kind = READS.get(ready.stage)
    if kind is None:
        return partial(_after, ready, _apply_inside)
    try:
        page = with_door(ready.held, lambda door: door.fetch_page(kind, ready.link))
    except StateLost:
        return partial(_after, ready, partial(_begin_anew, kind))
    except (RemoteRefused, Misconfigured) as refused:
        return partial(_after, ready, partial(_fail, refused.code))
    except Unavailable as trouble:
        return partial(_after, ready, partial(_wait, trouble))
    return partial(_after, ready, partial(_apply_page, kind, ready.link, page))


def _ready(tenant_id: UUID, run_id: UUID) -> Ready | None:
    with tenant_scope(tenant_id):
        run = SyncRun.objects.filter(id=run_id, state=SyncRun.State.RUNNING).first()
        held = hold(tenant_id)
        if run is None or held is None:
            return None
        stage = STAGE(run.stage)
        return Ready(run.id, run.step, stage, held, _link(READS[stage]) if stage in READS else "")


def _link(kind: Kind) -> str:
    track = Track.objects.filter(kind=kind).first()
    return (track and (track.next_link or track.delta_link)) or ""


Act = Callable[[SyncRun, DirectoryConnection], None]


def _after(ready: Ready, act: Act, *, is_followed: bool = False) -> bool:
    """In the scope, and in the transaction that deletes the job unless another step of it follows. Quiet when the step was
    taken, or the run has ended. Says whether there is a step to take now."""
    row = DirectoryConnection.objects.select_for_update().first()
    run = SyncRun.objects.select_for_update().filter(id=ready.run_id, step=ready.step).first()
    if row is None or run is None or run.state != SyncRun.State.RUNNING:
        return False
    run.step += 1
    act(run, row)
    run.save()
    is_running = run.state == SyncRun.State.RUNNING
    if is_running and (run.next_at is not None or not is_followed):
        enqueue_step(run)
    return is_running and run.next_at is None


def _count(run: SyncRun, name: str, number: int) -> None:
    if number:
        run.counts[name] = int(run.counts.get(name, 0)) + number


# Reading -----------------------------------------------------------------------------------------------------------


def _track(kind: Kind) -> Track:
    track, made = Track.objects.select_for_update().get_or_create(kind=kind)
    if made or not (track.next_link or track.delta_link):
        track.is_full, track.round = True, track.round + 1
    return track


def _apply_page(kind: Kind, link: str, page: Page, run: SyncRun, row: DirectoryConnection) -> None:
    track = _track(kind)
    if link and not track.next_link and track.delta_link == link:
        track.is_full = False
    run.tries, run.problem = 0, ""
    run.next_at = clock.now() + timedelta(seconds=page.pause) if page.pause else None
    _count(run, "pages", 1)
    if (link and page.next_link == link) or run.counts.get("pages", 0) > MOST_PAGES:
        _fail("pages_without_end", run, row)
        return
    _note(kind, run, _applied(kind, page, track.round, row.kind), page.unreadable)
    if page.next_link:
        track.next_link = page.next_link
    else:
        if track.is_full and kind is Kind.USERS:
            leaving.mark_unseen_people(track)
        if track.is_full:
            track.told_everything_at = clock.now()
        track.next_link, track.delta_link = "", page.delta_link
        track.is_full = False
        _turn_on(kind, track, run, row)
    track.save()


def _applied(kind: Kind, page: Page, round_number: int, source: str) -> Outcome:
    if kind is Kind.USERS:
        return apply_users(page.users, round_number=round_number, source=source)
    return apply_groups(page.groups, round_number=round_number)


def _note(kind: Kind, run: SyncRun, outcome: Outcome, unreadable: int) -> None:
    before = "" if kind is Kind.USERS else "groups_"
    _count(run, f"{before}added", outcome.added)
    _count(run, f"{before}changed", outcome.changed)
    _count(run, "suspended", outcome.suspended)
    _count(run, "reactivated", outcome.reactivated)
    _count(run, "unreadable", unreadable)
    _count(run, "problems", len(outcome.problems))
    room = MOST_PROBLEMS - len(run.problems)
    run.problems += [{"code": code, "object": name} for code, name in outcome.problems[: max(0, room)]]


def _begin_anew(kind: Kind, run: SyncRun, row: DirectoryConnection) -> None:
    """The other side lost the thread: everything is told again, and who is not in it has left."""
    _count(run, "fresh_starts", 1)
    run.problem, run.next_at = "sync_state_lost", None
    Track.objects.filter(kind=kind).update(next_link="", delta_link="")
    if run.counts["fresh_starts"] > MOST_FRESH_STARTS:
        _fail("sync_state_lost", run, row)


# What follows a round ----------------------------------------------------------------------------------------------


def _turn_on(kind: Kind, track: Track, run: SyncRun, row: DirectoryConnection) -> None:
    if kind is Kind.USERS:
        run.stage = STAGE.LEAVING
        leaving.decide_people(run, row)
        suspending.decide_suspensions(run, row)
        return
    run.stage = STAGE.MEMBERS
    leaving.decide_members(run, row, track)
    unseen = leaving.end_memberships(track, also_unseen=run.may_remove)
    _count(run, "memberships_unseen", unseen)
    _take_back(row, "allowed_memberships")
    touch_groups_around()


def _take_back(row: DirectoryConnection, name: str) -> None:
    """A word is given once."""
    if getattr(row, name):
        setattr(row, name, 0)
        row.save(update_fields=[name])


def _apply_inside(run: SyncRun, row: DirectoryConnection) -> None:
    if run.stage == STAGE.LEAVING:
        _settle_people(run, row)
        return
    groups, changed = settle_members()
    _count(run, "memberships", changed)
    if not groups:
        row.synced_at = clock.now()
        row.save(update_fields=["synced_at"])
        end_run(run, SyncRun.State.DONE)


def _settle_people(run: SyncRun, row: DirectoryConnection) -> None:
    """A batch of those who are disabled, then one of those who left."""
    if run.may_suspend and suspending.are_waiting():
        suspended = suspending.suspend_some()
        _count(run, "suspended", suspended)
        _count(run, "suspended_here", suspended)
        return
    _count(run, "removed", leaving.remove_some() if run.may_remove else 0)
    if not run.may_remove or not leaving.are_left():
        _take_back(row, "allowed_people")
        _take_back(row, "allowed_suspensions")
        run.stage = STAGE.GROUPS


# Trouble, and the end ----------------------------------------------------------------------------------------------


def _wait(trouble: Unavailable, run: SyncRun, row: DirectoryConnection) -> None:
    run.tries += 1
    _count(run, "waits", 1)
    if run.tries >= MOST_TRIES:
        _fail(trouble.code, run, row)
        return
    asked = trouble.pause if isinstance(trouble, Busy) else None
    own = min(2**run.tries, LONGEST_PAUSE)
    run.problem = trouble.code
    run.next_at = clock.now() + timedelta(seconds=asked if asked is not None else own)
    log.info("directories.waiting", extra={"code": trouble.code, "tries": run.tries})


def _fail(code: str, run: SyncRun, row: DirectoryConnection) -> None:
    """How far we came is kept: the next one goes on from there."""
    run.problem = code
    end_run(run, SyncRun.State.FAILED)


def end_run(run: SyncRun, state: SyncRun.State) -> None:
    """The caller saves. One that was asked for meanwhile begins."""
    if not MOVES.check(SyncRun.State(run.state), state):
        return
    run.state, run.ended_at, run.next_at = state, clock.now(), None
    # What it waited for meanwhile is over.
    run.problem = run.problem if state is SyncRun.State.FAILED else ""
    record_event(
        EventName.SYNC_ENDED,
        actor=ACTOR,
        subject=run.public_id,
        data={"state": run.state, "problem": run.problem, **run.counts},
    )
    if run.is_wanted_again and state is SyncRun.State.DONE:
        run.save()
        if run.is_everything_wanted:
            forget_places()
        begin_run()
