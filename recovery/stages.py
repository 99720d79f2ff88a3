"""What the claimant sees now: computed from the case, never stored, so that reload, back and a second tab agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from recovery.statuses import CaseStatus, StepKind, StepState


class Stage(Enum):
    CODE = "code"
    COUNTRY = "country"
    CHOOSE = "choose"
    CONSENT = "consent"
    PROVE = "prove"
    PARTNER = "partner"
    CREDENTIAL = "credential"
    PRESENT = "present"
    FACE = "face"
    ATTEST = "attest"
    DECIDING = "deciding"
    WAITING = "waiting"
    PASS = "pass"  # noqa: S105
    PASSKEY = "passkey"
    DONE = "done"
    ENROLLED = "enrolled"
    ENDED = "ended"


# The number shown to the claimant; hidden where the total is not sure.
NUMBERS: dict[Stage, int] = {
    Stage.CODE: 1,
    Stage.CONSENT: 2,
    Stage.PROVE: 3,
    Stage.PARTNER: 3,
    Stage.CREDENTIAL: 4,
    Stage.PRESENT: 4,
    Stage.FACE: 5,
    Stage.ATTEST: 5,
    Stage.DECIDING: 5,
    Stage.PASS: 6,
    Stage.PASSKEY: 6,
}
TOTAL = 6


@dataclass(frozen=True, slots=True)
class Progress:
    """What the stage depends on."""

    status: CaseStatus
    done: frozenset[StepKind]
    proofing_running: bool
    credential_accepted: bool
    needs_new_presence: bool
    decision_due: bool
    # Whether this browser is given a card, or may have one shown elsewhere, only after a live face (recovery.proof).
    face_first: bool = False
    # Whether a partner was agreed to: not yet, or not again since another one has to be asked.
    partner_agreed: bool = True
    # Whether it begins with a Verified ID held before, instead of a new proof (recovery.held).
    shows_held: bool = False
    # Whether there are two ways to prove who one is and none was taken (recovery.choosing).
    has_to_choose: bool = False
    # Whether a partner for them depends on a country that nobody knows yet.
    has_to_say_country: bool = False
    # Everything else passed, and somebody who knows the person is still to say so (recovery.attesting).
    attestation_due: bool = False


def done_steps(steps: Iterable[tuple[str, str]]) -> frozenset[StepKind]:
    return frozenset(StepKind(kind) for kind, state in steps if state == StepState.DONE)


def _proving(progress: Progress) -> Stage:
    done = progress.done
    if progress.attestation_due:
        return Stage.ATTEST
    if StepKind.CONSENTED not in done or not (progress.partner_agreed or StepKind.PROOFED in done):
        if progress.has_to_say_country:
            return Stage.COUNTRY
        return Stage.CHOOSE if progress.has_to_choose else Stage.CONSENT
    if StepKind.PROOFED not in done and not progress.shows_held:
        if progress.face_first:
            return Stage.FACE
        return Stage.PARTNER if progress.proofing_running else Stage.PROVE
    if StepKind.PRESENTED in done and not progress.needs_new_presence:
        return Stage.DECIDING if progress.decision_due else Stage.FACE
    if progress.face_first:
        return Stage.FACE
    return Stage.PRESENT if progress.credential_accepted else Stage.CREDENTIAL


def stage_of(progress: Progress) -> Stage:
    """The one page the case is at."""
    match progress.status:
        case CaseStatus.OPENED:
            return Stage.CODE
        case CaseStatus.PROVING:
            return _proving(progress)
        case CaseStatus.DECIDING:
            return Stage.DECIDING
        case CaseStatus.IN_REVIEW | CaseStatus.HELD:
            return Stage.WAITING
        case CaseStatus.GRANTED | CaseStatus.HANDED_OVER:
            return Stage.PASSKEY if StepKind.SIGNED_IN in progress.done else Stage.PASS
        case CaseStatus.RECOVERED:
            return Stage.DONE
        case CaseStatus.ENROLLED:
            return Stage.ENROLLED
        case _:
            return Stage.ENDED
