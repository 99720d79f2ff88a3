"""Opening cases, moving them and writing down what was done in them. One function moves a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import NotHere
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id, read_once, scope_memory
from portal.kit.together import insert_soon
from recovery.models import Case, CaseStep, Profile
from recovery.statuses import MOVES, CaseStatus, StepKind, StepState
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson
from tenants.verified_id.entra.journeys import is_used as entra_is_used

CASE_LIFE = timedelta(hours=2)
# How long two members have to agree on a verdict. Longer than any proof serves again (`Profile.reuse_hours`): a case that
# ends unreviewed gives none away.
REVIEW_LIFE = timedelta(days=7)
# Reasons a case is born with: somebody tries this account often; no more mail goes to it for this network.
MANY, SILENT = "many_attempts", "no_more_mail"
TERMINAL = frozenset(
    {
        CaseStatus.EVALUATED,
        CaseStatus.REFUSED,
        CaseStatus.CANCELED,
        CaseStatus.EXPIRED,
        CaseStatus.SUPERSEDED,
        CaseStatus.REPUDIATED,
        CaseStatus.RECOVERED,
        CaseStatus.ENROLLED,
    }
)

# Steps that stand and fall with the proof.
OF_PROOF = frozenset(
    {
        StepKind.PROOFED,
        StepKind.CREDENTIAL_ISSUED,
        StepKind.PRESENTED,
        StepKind.FACE_CHECKED,
        StepKind.MATCHED,
    }
)


def claimant(case: Case) -> Actor:
    """Whoever stands at the hosted page, not proven: named by the case."""
    return Actor(ActorKind.CLAIMANT, case.public_id)


def create_case(
    *,
    profile: Profile,
    person: DirectoryPerson | None,
    decoy_reason: str,
    browser_digest: bytes,
    many_attempts: bool = False,
    is_silent: bool = False,
    network_digest: str = "",
    purpose: Case.Purpose = Case.Purpose.RECOVERY,
) -> Case:
    """One row for everyone: eligible people's cases and decoys differ in their values only."""
    uses_entra = entra_is_used()
    case = Case(
        authority=Case.Authority.ENTRA if uses_entra else Case.Authority.OWN,
        profile=profile,
        profile_version=profile.version,
        mode=profile.mode,
        purpose=purpose,
        person=person,
        is_decoy=person is None,
        decoy_reason=decoy_reason,
        browser_digest=browser_digest,
        network_digest=network_digest,
        reasons=[name for name, is_so in ((MANY, many_attempts), (SILENT, is_silent)) if is_so],
        expires_at=clock.now() + CASE_LIFE,
    )
    insert_soon(case)
    record_event(
        EventName.CASE_OPENED,
        actor=claimant(case),
        subject=case.public_id,
        case_id=case.id,
        data={"mode": str(case.mode), "profile": profile.public_id, "profile_version": profile.version},
    )
    return case


def locked(case_id: UUID) -> Case:
    """The case, read under its lock, which lasts until the transaction ends; its person, profile and partner come with it.

    Read once a scope: after that nobody else changes it, so whoever asks again gets the same object."""
    held: Case | None = scope_memory().get(_held_as(case_id))
    if held is not None:
        return held
    found = Case.objects.select_for_update(of=("self",)).select_related("person", "profile", "connection")
    case = found.filter(id=case_id).first()
    if case is None:
        raise NotHere("case_unknown")
    return hold(case)


def hold(case: Case) -> Case:
    """Remember for the scope that this object was read under the case's lock."""
    scope_memory()[_held_as(case.id)] = case
    return case


def _held_as(case_id: UUID) -> str:
    return f"locked case {case_id}"


def _steps_as(case: Case) -> str:
    return f"steps of locked case {case.id}"


def move_case(
    case_id: UUID,
    target: CaseStatus,
    *,
    actor: Actor = SYSTEM,
    reasons: Sequence[str] = (),
    fields: Mapping[str, Any] | None = None,
) -> Case:
    """The one function that moves a case: re-reads under a lock, is quiet when already there, IllegalMove otherwise.

    Ends without an account revoke what was issued, in the same transaction by way of the outbox.
    """
    case = locked(case_id)
    source = case.state
    if not MOVES.check(source, target):
        return case
    case.status = target
    changes = dict(fields or {})
    if reasons:
        changes["reasons"] = list(dict.fromkeys([*case.reasons, *reasons]))
    if target in TERMINAL:
        changes.setdefault("ended_at", clock.now())
    if target is CaseStatus.IN_REVIEW:
        changes.setdefault("expires_at", clock.now() + REVIEW_LIFE)
    for name, value in changes.items():
        setattr(case, name, value)
    case.save(update_fields=["status", *changes])
    record_event(
        EventName.CASE_MOVED,
        actor=actor,
        subject=case.public_id,
        case_id=case.id,
        data={"from": source.value, "to": target.value, "reasons": list(reasons)},
    )
    if target in TERMINAL:
        enqueue("recovery.case_ended", tenant_id=current_tenant_id(), case_id=case.id, status=target.value)
    return case


def record_step(
    case: Case,
    kind: StepKind,
    state: StepState = StepState.DONE,
    *,
    actor: Actor = SYSTEM,
    vendor: str = "",
    evidence: Mapping[str, Any] | None = None,
    reasons: Sequence[str] = (),
) -> CaseStep:
    """Add one step, numbered after the earlier ones of its kind. Call it with the case locked."""
    earlier = steps_of(case)
    attempt = sum(step.kind == kind for step in earlier) + 1
    step = CaseStep(
        case=case,
        kind=kind,
        attempt=attempt,
        vendor=vendor,
        state=state,
        evidence=dict(evidence or {}),
        reasons=list(reasons),
        ended_at=None if state == StepState.STARTED else clock.now(),
    )
    insert_soon(step)
    scope_memory()[_steps_as(case)] = [*earlier, step]
    record_event(
        EventName.CASE_STEP_RECORDED,
        actor=actor,
        subject=case.public_id,
        case_id=case.id,
        data={"step": kind.value, "attempt": attempt, "state": state.value, "reasons": list(reasons)},
    )
    return step


def steps_of(case: Case) -> list[CaseStep]:
    """In their order. Read once a scope of a case that is locked: nobody else adds to them."""
    if scope_memory().get(_held_as(case.id)) is not case:
        return _read_steps(case)
    return list(read_once(_steps_as(case), lambda: _read_steps(case)))


def _read_steps(case: Case) -> list[CaseStep]:
    return list(CaseStep.objects.filter(case=case).order_by("created_at", "id"))


def unproven(prefix: str = "") -> Q:
    """Cases that a name alone began and that went past the code without one: what strangers can cause. `prefix`: the way
    there from another table."""
    return Q(**{f"{prefix}proves_first_at__isnull": False, f"{prefix}first_proof_at__isnull": True})


def has_done(case: Case, kind: StepKind) -> bool:
    return last_done(case, kind) is not None


def still_stands(case: Case, step: CaseStep) -> bool:
    """Whether the step was not proven, or followed from what was proven, before the proof was void."""
    void_at = case.proof_void_at
    return void_at is None or step.kind not in OF_PROOF or step.created_at > void_at


def standing_steps(case: Case) -> list[CaseStep]:
    return [step for step in steps_of(case) if still_stands(case, step)]


def last_done(case: Case, kind: StepKind) -> CaseStep | None:
    """Of what still stands."""
    done = [step for step in standing_steps(case) if step.kind == kind and step.state == StepState.DONE]
    return max(done, key=lambda step: step.attempt, default=None)


def get_case(case_id: UUID) -> Case:
    case = Case.objects.filter(id=case_id).select_related("profile", "person").first()
    if case is None:
        raise NotHere("case_unknown")
    return case
