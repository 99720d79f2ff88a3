"""How runs come to an answer, and how they end without one. What was asked for and proven goes with the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import NotHere
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.bridge import comparing
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.bridge.sealing import open_bond, seal_code, seal_result
from vendors.bridge.statuses import ENDS, IN_BROWSER, MOVES, RunStatus
from vendors.proofing import give_up_proofing
from vendors.reserving import release_case

CLAIMANT = Actor(ActorKind.CLAIMANT)
# For whoever has to read a page of theirs first; from when the link was shown the code lives shorter.
ANSWER_WAITS = timedelta(minutes=10)
CODE_LIFE = timedelta(seconds=60)
# So long somebody may still press the link back.
LINK_KEPT = timedelta(minutes=10)
DENIED, UNAVAILABLE = "access_denied", "temporarily_unavailable"


def locked_run(run_id: UUID) -> BridgeRun:
    found = BridgeRun.objects.select_for_update().filter(id=run_id).first()
    if found is None:
        raise NotHere("bridge_run_unknown")
    return found


def move_run(run: BridgeRun, target: RunStatus) -> None:
    if MOVES.check(RunStatus(run.status), target):
        run.status = target


def end_run(run: BridgeRun, *, error: str, why: str, actor: Actor = CLAIMANT) -> None:
    """With the run locked. Quiet where it has ended. The client is told `error` by the browser, and nothing else."""
    if RunStatus(run.status) in ENDS:
        return
    move_run(run, RunStatus.ENDED)
    run.error, run.why, run.ended_at = error, why, clock.now()
    run.result_sealed = run.code_sealed = run.code_digest = run.request_digest = None
    run.save()
    if run.attempt_id is not None:
        give_up_proofing(run.attempt_id)
    release_case(run.id)
    _note_end(run, actor, error)


def _note_end(run: BridgeRun, actor: Actor, outcome: str) -> None:
    record_event(
        EventName.BRIDGE_RUN_ENDED,
        actor=actor,
        subject=run.public_id,
        case_id=run.id,
        data={
            "bridge_client": BridgeClient.objects.get(id=run.client_id).public_id,
            "outcome": outcome,
            "why": run.why,
        },
    )


def answer_run(run: BridgeRun, proven: Mapping[str, str]) -> None:
    """With the run locked, and what was proven in hand: compare it with whom the client means, and keep what it is told."""
    client, asked = BridgeClient.objects.get(id=run.client_id), open_bond(run).asked
    run.proved_at = run.proved_at or clock.now()
    _answer(run, client, asked, proven, why=comparing.why_not(asked, proven))


def refuse_run(run: BridgeRun, *, why: str) -> None:
    """With the run locked: it was decided, and the answer is no. A client that reads levels is told one, as it expects; any other
    is told that access was denied (OpenID Connect Core 1.0, 3.1.2.6)."""
    client, asked = BridgeClient.objects.get(id=run.client_id), open_bond(run).asked
    _answer(run, client, asked, {}, why=why)


def _answer(run: BridgeRun, client: BridgeClient, asked: Any, proven: Mapping[str, str], *, why: str) -> None:
    reads_levels = client.serves == BridgeClient.Serves.OKTA
    if why and not reads_levels and not run.is_trial:
        end_run(run, error=DENIED, why=why, actor=SYSTEM)
        return
    moment = clock.now()
    result = comparing.told(
        asked,
        proven,
        is_verified=not why,
        hides_values=reads_levels,
        process=run.public_id,
        at=(run.proved_at or moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    move_run(run, RunStatus.ANSWERED)
    code = new_token()
    run.result_sealed = seal_result(run, {"verified_claims": result})
    run.code_digest, run.code_sealed = digest(code), seal_code(run, code)
    run.why, run.expires_at = why, moment + ANSWER_WAITS
    run.save()
    release_case(run.id)


def erase(run: BridgeRun) -> None:
    """Everything of the person and the client's bond. The row stays for the organisation's list."""
    run.asked_sealed = run.result_sealed = run.code_sealed = run.browser_digest = None
    run.hint_digest = ""


def expire_runs() -> None:
    """Called in each tenant's scope: end what is over, and erase what nobody will ask for any more."""
    moment = clock.now()
    over = BridgeRun.objects.filter(expires_at__lte=moment).exclude(status__in=ENDS)
    for run_id in list(over.order_by("id").values_list("id", flat=True)[:500]):
        run = locked_run(run_id)
        if run.expires_at > clock.now() or RunStatus(run.status) in ENDS:
            continue
        if RunStatus(run.status) in IN_BROWSER:
            end_run(run, error=DENIED, why="timed_out", actor=SYSTEM)
            continue
        move_run(run, RunStatus.EXPIRED)
        run.ended_at, run.why = moment, run.why or "timed_out"
        run.request_digest = run.code_digest = None
        erase(run)
        run.save()
    kept = BridgeRun.objects.filter(Q(asked_sealed__isnull=False) | Q(browser_digest__isnull=False))
    for row in kept.filter(status__in=ENDS, ended_at__lte=moment - LINK_KEPT)[:500]:
        erase(row)
        row.save()
