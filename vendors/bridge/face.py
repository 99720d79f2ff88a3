"""The Face Check of a bridge: the live face before this browser, beside the portrait that the partner proved.

As in recoveries it says that whoever was proven at the partner sits here, whatever the partner looked at itself. What was proven
stays with the attempt, sealed, until the face agrees; then it is taken, once. A face that does not agree ends the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.kit.errors import Refused, Unavailable
from portal.kit.ids import uuid7
from portal.kit.outbox import Job
from portal.kit.scope import require_no_transaction, tenant_scope
from tenants.models import Tenant
from tenants.privacy.services import consent_of, withdraw_flashing
from vendors import services as vendor_services
from vendors.bridge.ending import DENIED, answer_run, end_run, locked_run, move_run, refuse_run
from vendors.bridge.models import BridgeRun
from vendors.bridge.statuses import RunStatus
from vendors.facecheck import services as face_check
from vendors.facecheck.models import FaceCheck
from vendors.facecheck.services import FaceCheckResult, Wanted
from vendors.proofing import portrait_at_hand
from vendors.services import Spender

THRESHOLD = 70


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    """`state` is the page's: done, again or one_moment."""

    state: str
    reasons: tuple[str, ...] = ()


def ask_for_face(run: BridgeRun) -> None:
    """With the run locked, once the partner's answer is there. A partner that sent no portrait leaves nothing to compare with."""
    if run.attempt_id is None or portrait_at_hand(run.attempt_id) is None:
        refuse_run(run, why="portrait_missing")
        return
    move_run(run, RunStatus.FACE)
    run.save()


def _wanted(run: BridgeRun, *, flashing: bool) -> Wanted:
    return Wanted(
        reference=run.id,
        browser_digest=bytes(run.browser_digest or b""),
        threshold=THRESHOLD,
        flashing=flashing,
        billable=True,
        mode=run.mode,
    )


def begin_face(run: BridgeRun) -> FaceCheck | None:
    """The challenge on the person's screen. None where a cap does not allow another. With the run locked."""
    if run.status != RunStatus.FACE:
        raise Refused("step_out_of_order")
    consent = consent_of(run.id)
    wanted = _wanted(run, flashing=bool(consent and consent.flashing))
    under_way = face_check.face_check_under_way(run.face_check_id, wanted)
    if under_way is not None:
        return under_way
    face_check_id = uuid7()
    if not vendor_services.reserve_face_check(
        face_check_id, spender=Spender(case_id=run.id, mode=run.mode), before=run.face_check_id
    ):
        return None
    made = face_check.begin_face_check(wanted, face_check_id=face_check_id)
    run.face_check_id = made.id
    run.save(update_fields=["face_check_id"])
    return made


def submit_face(
    tenant: Tenant, run_id: UUID, *, browser_digest: bytes, clip: bytes, answers: str
) -> FaceAnswer:
    """Judge the live face. No transaction is open while vision works. A recording of a tab that was left behind is not judged."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        run = BridgeRun.objects.get(id=run_id)
        if run.status != RunStatus.FACE or run.face_check_id is None or run.attempt_id is None:
            raise Refused("step_out_of_order")
        if answers and answers != run.face_check_id.hex:
            return FaceAnswer("again")
        face_check_id, portrait = run.face_check_id, portrait_at_hand(run.attempt_id)
    if portrait is None:
        with tenant_scope(tenant.id):
            end_run(locked_run(run_id), error=DENIED, why="timed_out")
        return FaceAnswer("done")
    try:
        result = face_check.submit_face_check(
            face_check_id, tenant_id=tenant.id, browser_digest=browser_digest, clip=clip, portrait=portrait
        )
    except Unavailable:
        return FaceAnswer("one_moment")
    with tenant_scope(tenant.id):
        return _note(run_id, face_check_id, result)


def _note(run_id: UUID, face_check_id: UUID, result: FaceCheckResult) -> FaceAnswer:
    """Write the decision into the run, once."""
    run = locked_run(run_id)
    if run.status != RunStatus.FACE or run.face_check_id != face_check_id or run.attempt_id is None:
        return FaceAnswer("done")
    if result.passed:
        try:
            answer_run(run, vendor_services.take_result(run.attempt_id).claims)
        except Refused:
            end_run(run, error=DENIED, why="timed_out")
        return FaceAnswer("done")
    if result.retry:
        return FaceAnswer("again", result.reasons)
    refuse_run(run, why="face_check_failed")
    return FaceAnswer("done")


def note_judged_face(run: BridgeRun) -> None:
    """The decision on a face whose answer was lost between judging and noting; quiet while there is none."""
    if run.status != RunStatus.FACE or run.face_check_id is None:
        return
    result = face_check.result_of(run.face_check_id)
    if result is not None:
        _note(run.id, run.face_check_id, result)


def on_face_check_recorded(job: Job) -> None:
    """The ledger has the check: if the process that asked for it died in between, the run hears of it here."""
    run = BridgeRun.objects.filter(id=job.uuid("reference")).first()
    if run is not None and run.face_check_id == job.uuid("face_check_id"):
        note_judged_face(run)


def last_reasons(run: BridgeRun) -> tuple[str, ...]:
    """Why the last recording did not do; empty before the first."""
    result = face_check.result_of(run.face_check_id) if run.face_check_id else None
    return result.reasons if result is not None and not result.passed else ()


def choose_no_flashing(run: BridgeRun) -> None:
    """For whoever sees only here that flashes are no option: another challenge. With the run locked."""
    withdraw_flashing(run.id)
