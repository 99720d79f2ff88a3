"""What members may do to a case: end it, give it time, send it to review, take its pass away, freeze what it gave.

Protects the claimant and the account from a colleague acting alone in silence: each action has a reason, is written
down, and none of them lets anybody in. What it does not do: show or make a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid, Refused
from recovery.access_pass.models import AccessPass
from recovery.access_pass.selectors import pass_of
from recovery.access_pass.services import revoke_passes
from recovery.cases import locked, move_case
from recovery.models import Case
from recovery.repudiation import stop_case
from recovery.statuses import LIVE, MOVES, CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event

EXTENSION = timedelta(hours=2)
MAY_BE_EXTENDED = frozenset({CaseStatus.OPENED, CaseStatus.PROVING, CaseStatus.DECIDING, CaseStatus.HELD})


class Action(Enum):
    CANCEL = "cancel"
    EXTEND = "extend"
    REVIEW = "review"
    REVOKE_PASS = "revoke-pass"  # noqa: S105
    FREEZE = "freeze"


def pass_is_live(found: AccessPass | None) -> bool:
    """Whether a pass can still be used, or a passkey be registered with it."""
    if found is None or found.revoked_at is not None:
        return False
    if found.redeemed_at is not None:
        return found.register_until is not None and found.register_until > clock.now()
    return found.expires_at > clock.now()


def allowed_actions(case: Case, found: AccessPass | None) -> list[Action]:
    """What may be done now, in the order the page offers it."""
    may = {
        Action.REVIEW: MOVES.allows(case.state, CaseStatus.IN_REVIEW),
        Action.EXTEND: case.state in MAY_BE_EXTENDED and case.extended_at is None,
        Action.REVOKE_PASS: case.state is CaseStatus.GRANTED and pass_is_live(found),
        Action.CANCEL: case.state in LIVE,
        Action.FREEZE: case.gave_account,
    }
    return [action for action, is_so in may.items() if is_so]


def _cancel(case: Case, actor: Actor) -> None:
    move_case(case.id, CaseStatus.CANCELED, actor=actor, reasons=["canceled_by_member"])


def _extend(case: Case, actor: Actor) -> None:
    case.extended_at = clock.now()
    case.expires_at += EXTENSION
    case.save(update_fields=["extended_at", "expires_at"])


def _ask_for_review(case: Case, actor: Actor) -> None:
    move_case(case.id, CaseStatus.IN_REVIEW, actor=actor, reasons=["review_asked"])


def _revoke_pass(case: Case, actor: Actor) -> None:
    revoke_passes(case.id, reason="revoked_by_member", actor=actor)
    move_case(case.id, CaseStatus.CANCELED, actor=actor, reasons=["pass_revoked_by_member"])


def _freeze(case: Case, actor: Actor) -> None:
    stop_case(case, reason="frozen_by_member", actor=actor)


_ACTS: Mapping[Action, Callable[[Case, Actor], None]] = {
    Action.CANCEL: _cancel,
    Action.EXTEND: _extend,
    Action.REVIEW: _ask_for_review,
    Action.REVOKE_PASS: _revoke_pass,
    Action.FREEZE: _freeze,
}


@transaction.atomic
def act_on_case(case_id: UUID, action: Action, *, reason: str, actor: Actor) -> Case:
    """Do it once, with a reason. Refused when the case moved on in the meantime."""
    case = locked(case_id)
    cleaned = reason.strip()[:300]
    if not cleaned:
        raise Invalid("reason_missing", _("Say why in one sentence."), field="reason")
    if action not in allowed_actions(case, pass_of(case.id)):
        raise Refused("action_too_late", _("This case moved on, and that is no longer possible."))
    record_event(
        EventName.CASE_ACTED_ON,
        actor=actor,
        subject=case.public_id,
        case_id=case.id,
        data={"action": action.value},
        personal={"reason": cleaned},
    )
    _ACTS[action](case, actor)
    return case
