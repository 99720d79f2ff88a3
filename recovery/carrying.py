"""Bringing a case into another browser: the QR hand-over to a phone, and the continuation code.

Protects against a relayed QR and a stolen code: a hand-over is one way, lives ten minutes and ends before any
proofing; a continuation code brings only what was proven, so that a live face is needed before any card, a new
presentation and a Face Check before any pass, and before proofing the address is confirmed anew. It is worth nothing
once the case was decided. What it does not do: work twice.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import clean_code, digest, new_token
from portal.kit.errors import Refused
from portal.kit.ids import random_base32
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of, tenant_url
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.cases import claimant, has_done, locked
from recovery.models import CarryCode, Case
from recovery.opening import send_code
from recovery.proofing import is_proofing
from recovery.statuses import CaseStatus, StepKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant

HAND_OVER_LIFE = timedelta(minutes=10)
CONTINUATION_LENGTH = 16  # 80 bits; at least 64 are asked for (NIST SP 800-63A-4, 3.9)
TRIES = Limit("carry_codes_of_network", 10, 900)


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
    if case.state is not CaseStatus.PROVING:
        raise Refused("continuation_too_late", _("This recovery has been decided. Go on in this browser."))
    life = case.expires_at - clock.now()
    code = _new_code(case, CarryCode.Kind.CONTINUATION, random_base32(CONTINUATION_LENGTH), life)
    return "-".join(code[at : at + 4] for at in range(0, CONTINUATION_LENGTH, 4))


def _new_code(case: Case, kind: CarryCode.Kind, code: str, life: timedelta) -> str:
    CarryCode.objects.filter(case=case, kind=kind, used_at=None).update(used_at=clock.now())
    CarryCode.objects.create(case=case, kind=kind, code_digest=digest(code), expires_at=clock.now() + life)
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
    take(TRIES, f"{tenant.id}|{network_of(address)}")
    with tenant_scope(tenant.id):
        moment = clock.now()
        found = CarryCode.objects.filter(code_digest=digest(code), kind=kind)
        if not found.filter(used_at=None, expires_at__gt=moment).update(used_at=moment):
            raise Refused("carry_code_dead", _("This code has been used, is too old, or is not right."))
        return found.get()


def hand_over_to_phone(tenant: Tenant, token: str, *, browser_digest: bytes, address: str) -> Case:
    """Move the case into this browser. The computer then only says "continue on your phone"."""
    carried = _take(tenant, token, CarryCode.Kind.HAND_OVER, address)
    with tenant_scope(tenant.id):
        case = locked(carried.case_id)
        if not may_hand_over(case):
            raise Refused("hand_over_too_late", _("This recovery has gone too far to move."))
        case.browser_digest = browser_digest
        case.moved_to_phone_at = clock.now()
        case.save(update_fields=["browser_digest", "moved_to_phone_at"])
        record_event(
            EventName.CASE_HANDED_TO_PHONE, actor=claimant(case), subject=case.public_id, case_id=case.id
        )
        return case


def continue_case(
    tenant: Tenant, typed: str, *, browser_digest: bytes, fresh_digest: bytes, address: str
) -> Case:
    """Go on in this browser. In another than the case's own, only the proofing counts from before, and the case takes
    `fresh_digest`, which nobody knew before this moment."""
    carried = _take(tenant, clean_code(typed).upper(), CarryCode.Kind.CONTINUATION, address)
    with tenant_scope(tenant.id):
        case = locked(carried.case_id)
        if case.state is not CaseStatus.PROVING:
            raise Refused("continuation_too_late", _("This recovery has ended or was decided. Start again."))
        if bytes(case.browser_digest) == browser_digest:
            return case
        _move_to(case, fresh_digest)
        record_event(
            EventName.CASE_CONTINUED,
            actor=claimant(case),
            subject=case.public_id,
            case_id=case.id,
            data={"proofed": not case.needs_new_confirmation},
        )
        if case.needs_new_confirmation:
            send_code(tenant, case)
        return case


def _move_to(case: Case, browser_digest: bytes) -> None:
    """Only what was proven comes along. Before that nothing does, not even the address that was confirmed: it would be
    the second kind of evidence of whoever holds the code."""
    proofed = has_done(case, StepKind.PROOFED)
    if is_proofing(case):
        case.attempt_id = None
    case.browser_digest = browser_digest
    case.needs_new_presence = True
    case.needs_new_confirmation = not proofed
    case.presentation_id = None
    case.face_check_id = None
    case.face_is_before_card = False
    if not proofed:
        case.earlier_case_id = None
        # The right code was among the tries counted so far; the new one has its own five.
        case.code_tries = 0
    case.save(
        update_fields=[
            "attempt_id",
            "browser_digest",
            "needs_new_presence",
            "needs_new_confirmation",
            "presentation_id",
            "face_check_id",
            "face_is_before_card",
            "earlier_case_id",
            "code_tries",
        ]
    )
