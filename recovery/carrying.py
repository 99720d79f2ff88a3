"""Bringing a case into another browser: the QR hand-over to a phone, and the continuation code.

Protects a person from a relayed QR and a stolen code. A hand-over is one way, lives ten minutes and ends before any
proofing. A continuation code moves nothing by itself: it asks for a fresh code to the address already held, or for one
the person saved, and until that is typed the case stays where it is; then it brings only what was proven, so that a
live face is needed before any card, a new presentation and a Face Check before any pass; an eID's proof stays behind. It is worth nothing once the
case was decided, and each that is refused is written down. What it does not do: work twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import clean_code, digest, new_token
from portal.kit.errors import Refused
from portal.kit.ids import random_base32
from portal.kit.limits import Limit, take, take_in_turn
from portal.kit.origins import network_of, tenant_url
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.cases import claimant, has_done, locked, move_case
from recovery.holding import COME_BACK
from recovery.models import CarryCode, Case
from recovery.opening import RESENDS, note_confirmed, prove_by_mail, prove_by_saved_code, send_code
from recovery.passkeys.selectors import saved_codes_left
from recovery.proof import void_proof
from recovery.proofing import is_proofing
from recovery.repudiation import take_back
from recovery.statuses import MOVES, CaseStatus, StepKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.selectors import emails_of
from tenants.models import Tenant

HAND_OVER_LIFE = timedelta(minutes=10)
CONTINUATION_LENGTH = 16  # 80 bits; at least 64 are asked for (NIST SP 800-63A-4, 3.9)
CONFIRMATION_TRIES = 5
WAITING = frozenset({CaseStatus.HELD, CaseStatus.IN_REVIEW})
MAY_GET_A_CODE = WAITING | {CaseStatus.PROVING}
STOPPED_WHERE_IT_BEGAN = "stopped_where_it_began"
# Nobody guesses 80 bits: the network's limit bounds work and rows for an office behind one address, the code's own
# limit is the tight one, and a code that is refused often stands in nobody else's way.
OF_NETWORK = Limit("carry_codes_of_network", 300, 900)
OF_CODE = Limit("uses_of_carry_code", 10, 900)


@dataclass(frozen=True, slots=True)
class Continued:
    """`here`: it was the case's own browser, and goes on. Otherwise the fresh code is asked for next."""

    case: Case
    here: bool


def may_hand_over(case: Case) -> bool:
    """Only before any proofing, and once."""
    return (
        case.state is CaseStatus.PROVING
        and case.moved_to_phone_at is None
        and case.attempt_id is None
        and not case.steps.filter(kind=StepKind.PROOFED).exists()
    )


def make_hand_over(tenant: Tenant, case: Case) -> str:
    """The address a phone opens, with a 256-bit code in it. A newer one replaces it."""
    case = locked(case.id)
    if not may_hand_over(case):
        raise Refused(
            "hand_over_too_late", _("This recovery has gone too far to move. Go on in this browser.")
        )
    token = _new_code(case, CarryCode.Kind.HAND_OVER, new_token(), HAND_OVER_LIFE)
    return tenant_url(tenant.slug, f"/recover/phone/{token}")


def make_continuation_code(case: Case) -> str:
    """Sixteen characters to write down, shown once on screen and never mailed."""
    case = locked(case.id)
    if case.state not in MAY_GET_A_CODE:
        raise Refused("continuation_too_late", _("This recovery has been decided. Go on in this browser."))
    life = case.expires_at - clock.now()
    if case.state is not CaseStatus.PROVING:
        # It is of use once the wait is over, and the case gets time anew then.
        life += COME_BACK
    code = _new_code(case, CarryCode.Kind.CONTINUATION, random_base32(CONTINUATION_LENGTH), life)
    return "-".join(code[at : at + 4] for at in range(0, CONTINUATION_LENGTH, 4))


def _new_code(case: Case, kind: CarryCode.Kind, code: str, life: timedelta) -> str:
    """In place of every earlier one, also of one that waits for its confirmation in another browser."""
    moment = clock.now()
    CarryCode.objects.filter(case=case, kind=kind, carried_at=None).update(
        used_at=moment, asked_by_digest=None
    )
    CarryCode.objects.create(case=case, kind=kind, code_digest=digest(code), expires_at=moment + life)
    return code


def find_hand_over(token: str) -> CarryCode | None:
    """The live hand-over behind an address; opening it changes nothing."""
    return (
        CarryCode.objects.filter(
            code_digest=digest(token), kind=CarryCode.Kind.HAND_OVER, used_at=None, expires_at__gt=clock.now()
        )
        .select_related("case")
        .first()
    )


def _take(tenant: Tenant, code: str, kind: CarryCode.Kind, address: str) -> CarryCode:
    """Count the try, consume the code, commit; only then look at what it brings."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        known = CarryCode.objects.filter(code_digest=digest(code), kind=kind).select_related("case").first()
    counted = [(OF_NETWORK, f"{tenant.id}|{network_of(address)}")]
    take_in_turn(*counted, *([(OF_CODE, f"{tenant.id}|{known.id}")] if known else []))
    with tenant_scope(tenant.id):
        moment = clock.now()
        live = CarryCode.objects.filter(used_at=None, expires_at__gt=moment)
        if known is not None and live.filter(id=known.id).update(used_at=moment):
            return known
        _note_refusal(known.case if known else None, kind, _why_dead(known))
    raise Refused("carry_code_dead", _("This code has been used, is too old, or is not right."))


def _why_dead(code: CarryCode | None) -> str:
    if code is None:
        return "unknown"
    return "too_old" if code.used_at is None and code.expires_at <= clock.now() else "used_before"


def _note_refusal(case: Case | None, kind: CarryCode.Kind, reason: str, *, tries: int = 0) -> None:
    """A code in the wrong hands is seen here or nowhere."""
    record_event(
        EventName.CARRY_CODE_REFUSED,
        actor=claimant(case) if case else Actor(ActorKind.CLAIMANT),
        subject=case.public_id if case else "",
        case_id=case.id if case else None,
        data={"kind": kind.value, "reason": reason, **({"tries": tries} if tries else {})},
    )


def hand_over_to_phone(tenant: Tenant, token: str, *, browser_digest: bytes, address: str) -> Case:
    """Move the case into this browser. The computer then only says "continue on your phone"."""
    carried = _take(tenant, token, CarryCode.Kind.HAND_OVER, address)
    with tenant_scope(tenant.id):
        case = locked(carried.case_id)
        if may_hand_over(case):
            _note_carried(carried, case)
            case.browser_digest = browser_digest
            case.moved_to_phone_at = clock.now()
            case.save(update_fields=["browser_digest", "moved_to_phone_at"])
            record_event(
                EventName.CASE_HANDED_TO_PHONE, actor=claimant(case), subject=case.public_id, case_id=case.id
            )
            return case
        _note_refusal(case, CarryCode.Kind.HAND_OVER, "too_late")
    raise Refused("hand_over_too_late", _("This recovery has gone too far to move."))


def _note_carried(code: CarryCode, case: Case) -> None:
    """The browser that is left reads where its case went."""
    code.carried_at, code.left_browser_digest = clock.now(), bytes(case.browser_digest)
    code.asked_by_digest = None
    code.save(update_fields=["carried_at", "left_browser_digest", "asked_by_digest"])


def stop_where_it_began(left: CarryCode) -> None:
    """ "That was not me", in the browser that a case was taken from: it ends, and what it was given goes at once. Quiet for
    one that gave the account or ended. It freezes nothing of the account: a computer that was left behind could."""
    case = locked(left.case_id)
    if MOVES.allows(case.state, CaseStatus.CANCELED):
        take_back(case, reason=STOPPED_WHERE_IT_BEGAN, actor=claimant(case))
        move_case(case.id, CaseStatus.CANCELED, actor=claimant(case), reasons=[STOPPED_WHERE_IT_BEGAN])


def can_confirm_elsewhere(case: Case) -> bool:
    """Whether another browser could ever get this case: a code is mailed first, or one the person saved is asked for."""
    person_id = case.person_id
    # Whoever set out without a code stays where they proved it: no code there is that only they could have read.
    return (
        person_id is not None
        and not case.proves_first
        and bool(emails_of(person_id) or saved_codes_left(person_id))
    )


# The continuation code -----------------------------------------------------------------------------------------------


def _may_continue(case: Case, code: CarryCode) -> bool:
    """While the case is being proven, and was not decided since the code was made: a review or a hold may lead back."""
    decided = case.steps.filter(kind=StepKind.MATCHED, created_at__gte=code.created_at)
    return case.state is CaseStatus.PROVING and not decided.exists()


def continue_case(
    tenant: Tenant, typed: str, *, browser_digest: bytes, fresh_digest: bytes, address: str
) -> Continued:
    """Go on in the case's own browser. Any other, which takes `fresh_digest`, waits for the code that is mailed now; the
    case stays where it is until then."""
    taken = _take(tenant, clean_code(typed).upper(), CarryCode.Kind.CONTINUATION, address)
    with tenant_scope(tenant.id):
        case = locked(taken.case_id)
        here = bytes(case.browser_digest) == browser_digest
        if _may_continue(case, taken) and (here or not case.proves_first):
            if not here:
                CarryCode.objects.filter(id=taken.id).update(asked_by_digest=fresh_digest)
                send_code(tenant, case, template="continuation_code")
                record_event(
                    EventName.CASE_CONTINUATION_ASKED,
                    actor=claimant(case),
                    subject=case.public_id,
                    case_id=case.id,
                )
            return Continued(case, here)
        too_early = case.state in WAITING
        if too_early:
            # It opened nothing and is of use later; uses of it are counted all the same.
            CarryCode.objects.filter(id=taken.id).update(used_at=None)
        _note_refusal(case, CarryCode.Kind.CONTINUATION, "too_early" if too_early else "too_late")
    if too_early:
        raise Refused(
            "continuation_too_early",
            _("This recovery still waits. Come back with the code when the waiting time is over."),
        )
    raise Refused("continuation_too_late", _("This recovery has ended or was decided. Start again."))


def waits_to_continue(browser_digest: bytes) -> CarryCode | None:
    """The code that this browser typed, while the case is elsewhere and the fresh code is missing."""
    return (
        CarryCode.objects.filter(asked_by_digest=browser_digest, expires_at__gt=clock.now())
        .select_related("case")
        .first()
    )


def send_continuation_code_again(tenant: Tenant, browser_digest: bytes) -> None:
    """A new code in place of the old one. The tries stay."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        asked = waits_to_continue(browser_digest)
    if asked is None:
        return
    take(RESENDS, f"{tenant.id}|{asked.id}")
    with tenant_scope(tenant.id):
        case = locked(asked.case_id)
        if _may_continue(case, asked):
            send_code(tenant, case, template="continuation_code")


def _take_confirmation_try(tenant: Tenant, browser_digest: bytes) -> CarryCode | None:
    """Count one try on the code that waits, never on the case: whoever stole one ends nothing with it."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        waiting = CarryCode.objects.filter(
            asked_by_digest=browser_digest, expires_at__gt=clock.now(), tries__lt=CONFIRMATION_TRIES
        )
        if not waiting.update(tries=F("tries") + 1):
            return None
        return CarryCode.objects.filter(asked_by_digest=browser_digest).get()


def confirm_continuation(tenant: Tenant, browser_digest: bytes, typed: str, *, saved: bool = False) -> Case:
    """Consume a try, then compare; the right code brings the case into this browser. Refused for every way to be wrong,
    and the fifth ends what was asked for, not the case."""
    asked = _take_confirmation_try(tenant, browser_digest)
    if asked is None:
        raise _over()
    with tenant_scope(tenant.id):
        case = locked(asked.case_id)
        why = _carry(case, asked, typed, saved=saved)
        if not why:
            return case
        _note_refusal(case, CarryCode.Kind.CONTINUATION, why, tries=asked.tries)
        is_over = asked.tries >= CONFIRMATION_TRIES or why == "too_late"
        if is_over:
            CarryCode.objects.filter(id=asked.id).update(asked_by_digest=None)
    if is_over:
        raise _over()
    raise Refused("code_wrong", _("That code is not right, or it is too old. Check it and type it again."))


def _over() -> Refused:
    return Refused(
        "continuation_over",
        _("That does not work any more. Get a new continuation code where you began, or start again."),
    )


def _carry(case: Case, asked: CarryCode, typed: str, *, saved: bool) -> str:
    """Move the case if what was typed confirms it: why not, or nothing. With the case locked."""
    if not _may_continue(case, asked) or asked.asked_by_digest is None:
        return "too_late"
    if saved:
        evidence = prove_by_saved_code(case, typed)
    else:
        evidence = prove_by_mail(case, typed, sent_since=asked.used_at or asked.created_at)
    if evidence is None:
        return "not_confirmed"
    into = bytes(asked.asked_by_digest)
    _note_carried(asked, case)
    _move_to(case, into)
    note_confirmed(case, evidence)
    return ""


def _move_to(case: Case, browser_digest: bytes) -> None:
    """Only what was proven comes along, and of an eID not even that: nobody's face says here whose it was."""
    void_proof(case)
    proofed = has_done(case, StepKind.PROOFED)
    if is_proofing(case):
        case.attempt_id = None
    case.browser_digest = browser_digest
    case.needs_new_presence = True
    case.presentation_id = None
    case.face_check_id = None
    case.face_is_before_card = False
    if not proofed:
        case.earlier_case_id = None
    case.save(
        update_fields=[
            "attempt_id",
            "browser_digest",
            "needs_new_presence",
            "presentation_id",
            "face_check_id",
            "face_is_before_card",
            "earlier_case_id",
        ]
    )
    record_event(
        EventName.CASE_CONTINUED,
        actor=claimant(case),
        subject=case.public_id,
        case_id=case.id,
        data={"proofed": proofed},
    )
