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
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.graph import client, leaving, reading, suspending
from tenants.directory.graph.addresses import first_url
from tenants.directory.graph.groups import apply_groups, settle_members, touch_groups_around
from tenants.directory.graph.models import MOVES, GraphConnection, GraphRun, GraphTrack, Kind
from tenants.directory.graph.people import ACTOR, Outcome, apply_users
from tenants.directory.graph.tokens import Held, hold, with_token

log = logging.getLogger("readmit.graph")

TOPIC = "directory.graph_step"
# A job that is taken up by another worker after a minute is done by then.
AT_A_TIME = 25.0
MOST_TRIES = 10
LONGEST_PAUSE = 600
MOST_FRESH_STARTS = 3
MOST_PAGES = 100_000
MOST_PROBLEMS = 100
STAGE = GraphRun.Stage
READS = {STAGE.USERS: Kind.USERS, STAGE.GROUPS: Kind.GROUPS}


@dataclass(frozen=True, slots=True)
class Ready:
    """A step as it stands before anybody is asked."""

    run_id: UUID
    step: int
    stage: GraphRun.Stage
    held: Held
    link: str = field(repr=False)


def begin_run() -> GraphRun:
    """In the tenant's scope, with the connection locked and no other under way."""
    run = GraphRun.objects.create(counts={})
    enqueue_step(run)
    return run


def enqueue_step(run: GraphRun) -> None:
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
        page = with_token(ready.held, lambda token: client.fetch_page(kind, ready.link, token))
    except client.StateLost:
        return partial(_after, ready, partial(_begin_anew, kind))
    except client.GraphRefused as refused:
        return partial(_after, ready, partial(_fail, refused.code))
    except Misconfigured as refused:
        return partial(_after, ready, partial(_fail, refused.code))
    except Unavailable as trouble:
        return partial(_after, ready, partial(_wait, trouble))
    return partial(_after, ready, partial(_apply_page, kind, ready.link, page))


def _ready(tenant_id: UUID, run_id: UUID) -> Ready | None:
    with tenant_scope(tenant_id):
        run = GraphRun.objects.filter(id=run_id, state=GraphRun.State.RUNNING).first()
        held = hold(tenant_id)
        if run is None or held is None:
            return None
        stage = STAGE(run.stage)
        return Ready(run.id, run.step, stage, held, _link(READS[stage]) if stage in READS else "")


def _link(kind: Kind) -> str:
    track = GraphTrack.objects.filter(kind=kind).first()
    return (track and (track.next_link or track.delta_link)) or first_url(kind)


Act = Callable[[GraphRun, GraphConnection], None]


def _after(ready: Ready, act: Act, *, is_followed: bool = False) -> bool:
    """In the scope, and in the transaction that deletes the job unless another step of it follows. Quiet when the step was
    taken, or the run has ended. Says whether there is a step to take now."""
    row = GraphConnection.objects.select_for_update().first()
    run = GraphRun.objects.select_for_update().filter(id=ready.run_id, step=ready.step).first()
    if row is None or run is None or run.state != GraphRun.State.RUNNING:
        return False
    run.step += 1
    act(run, row)
    run.save()
    is_running = run.state == GraphRun.State.RUNNING
    if is_running and (run.next_at is not None or not is_followed):
        enqueue_step(run)
    return is_running and run.next_at is None


def _count(run: GraphRun, name: str, number: int) -> None:
    if number:
        run.counts[name] = int(run.counts.get(name, 0)) + number


# Reading -----------------------------------------------------------------------------------------------------------


def _track(kind: Kind) -> GraphTrack:
    track, made = GraphTrack.objects.select_for_update().get_or_create(kind=kind)
    if made or not (track.next_link or track.delta_link):
        track.is_full, track.round = True, track.round + 1
    return track


def _apply_page(
    kind: Kind, link: str, page: client.UnverifiedPage, run: GraphRun, row: GraphConnection
) -> None:
    track = _track(kind)
    if not track.next_link and track.delta_link == link:
        track.is_full = False
    run.tries, run.next_at = 0, None
    _count(run, "pages", 1)
    if page.next_link == link or run.counts.get("pages", 0) > MOST_PAGES:
        _fail("pages_without_end", run, row)
        return
    _note(kind, run, *_applied(kind, page, track.round))
    if page.next_link:
        track.next_link = page.next_link
    else:
        if track.is_full and kind is Kind.USERS:
            leaving.mark_unseen_people(track)
        track.next_link, track.delta_link = "", page.delta_link
        track.is_full = False
        _turn_on(kind, track, run, row)
    track.save()


def _applied(kind: Kind, page: client.UnverifiedPage, round_number: int) -> tuple[Outcome, int]:
    if kind is Kind.USERS:
        users, unreadable = reading.read_users(page.items)
        return apply_users(users, round_number=round_number), unreadable
    groups, unreadable = reading.read_groups(page.items)
    return apply_groups(groups, round_number=round_number), unreadable


def _note(kind: Kind, run: GraphRun, outcome: Outcome, unreadable: int) -> None:
    before = "" if kind is Kind.USERS else "groups_"
    _count(run, f"{before}added", outcome.added)
    _count(run, f"{before}changed", outcome.changed)
    _count(run, "suspended", outcome.suspended)
    _count(run, "reactivated", outcome.reactivated)
    _count(run, "unreadable", unreadable)
    _count(run, "problems", len(outcome.problems))
    room = MOST_PROBLEMS - len(run.problems)
    run.problems += [{"code": code, "object": name} for code, name in outcome.problems[: max(0, room)]]


def _begin_anew(kind: Kind, run: GraphRun, row: GraphConnection) -> None:
    """Microsoft lost the thread: everything is told again, and who is not in it has left."""
    _count(run, "fresh_starts", 1)
    GraphTrack.objects.filter(kind=kind).update(next_link="", delta_link="")
    if run.counts["fresh_starts"] > MOST_FRESH_STARTS:
        _fail("sync_state_lost", run, row)


# What follows a round ----------------------------------------------------------------------------------------------


def _turn_on(kind: Kind, track: GraphTrack, run: GraphRun, row: GraphConnection) -> None:
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


def _take_back(row: GraphConnection, name: str) -> None:
    """A word is given once."""
    if getattr(row, name):
        setattr(row, name, 0)
        row.save(update_fields=[name])


def _apply_inside(run: GraphRun, row: GraphConnection) -> None:
    if run.stage == STAGE.LEAVING:
        _settle_people(run, row)
        return
    groups, changed = settle_members()
    _count(run, "memberships", changed)
    if not groups:
        row.synced_at = clock.now()
        row.save(update_fields=["synced_at"])
        end_run(run, GraphRun.State.DONE)


def _settle_people(run: GraphRun, row: GraphConnection) -> None:
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


def _wait(trouble: Unavailable, run: GraphRun, row: GraphConnection) -> None:
    run.tries += 1
    _count(run, "waits", 1)
    if run.tries >= MOST_TRIES:
        _fail(trouble.code, run, row)
        return
    asked = trouble.pause if isinstance(trouble, client.Busy) else None
    own = min(2**run.tries, LONGEST_PAUSE)
    run.next_at = clock.now() + timedelta(seconds=asked if asked is not None else own)
    log.info("graph.waiting", extra={"code": trouble.code, "tries": run.tries})


def _fail(code: str, run: GraphRun, row: GraphConnection) -> None:
    """How far we came is kept: the next one goes on from there."""
    run.problem = code
    end_run(run, GraphRun.State.FAILED)


def end_run(run: GraphRun, state: GraphRun.State) -> None:
    """The caller saves. One that was asked for meanwhile begins."""
    if not MOVES.check(GraphRun.State(run.state), state):
        return
    run.state, run.ended_at, run.next_at = state, clock.now(), None
    record_event(
        EventName.SYNC_ENDED,
        actor=ACTOR,
        subject=run.public_id,
        data={"state": run.state, "problem": run.problem, **run.counts},
    )
    if run.is_wanted_again and state is GraphRun.State.DONE:
        run.save()
        begin_run()
