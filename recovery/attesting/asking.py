"""Asking somebody who knows the person whether it is them.

Protects mailboxes and accounts: nobody is asked before everything else passed, by a document and a live face among it; the
claimant asks by a press of a button, a few times a day and no more, and is told neither whom nor how many. What the
attester gets by mail names nobody and opens nothing. What it does not do: take their word (`answering`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from portal.kit import clock
from portal.kit.codes import digest, keyed_digest, new_token
from portal.kit.errors import Refused
from portal.kit.limits import Limit, over, take_in_turn
from portal.kit.origins import network_of, tenant_url
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from recovery.attesting.attesters import Attester, asks_for_word, attesters_for, rule_of
from recovery.attesting.devices import place_of
from recovery.attesting.models import Attestation, AttestationAsk
from recovery.cases import claimant, get_case, locked, move_case
from recovery.models import Case
from recovery.repudiation import make_repudiation_link
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.selectors import emails_of
from tenants.models import Tenant
from tenants.notices.services import send_notice

OF_CASE = Limit("attestations_asked_of_case", 3, 86_400)
OF_PERSON = Limit("attestations_asked_of_person", 5, 86_400)
OF_NETWORK = Limit("attestations_asked_of_network", 20, 86_400)
MAILS = Limit("attestation_mails_to_person", 5, 86_400)
# How long a case waits for the button to be pressed, and for its end after the word was given.
TO_ASK = timedelta(hours=24)
TO_GO_ON = timedelta(hours=2)
CODE_DIGITS = 6


def wants_attestation(case: Case) -> bool:
    """Whether the word of somebody who knows the person may be asked for; a card before a loss needs none."""
    return asks_for_word(case) and not case.is_enrolment


def wait_for_attestation(case: Case, *, reasons: Sequence[str], fields: Mapping[str, object]) -> None:
    """Everything else passed: the claimant may ask now. With the case locked and deciding."""
    expires_at = max(case.expires_at, clock.now() + TO_ASK)
    move_case(
        case.id,
        CaseStatus.PROVING,
        reasons=reasons,
        fields={**fields, "attestation_due": True, "expires_at": expires_at},
    )


def open_attestation(case: Case) -> Attestation | None:
    """The question under way in the case's browser; None where none was asked, it is over, or it was asked elsewhere."""
    found = Attestation.objects.filter(case=case, closed_at=None, expires_at__gt=clock.now()).first()
    return found if found and is_open_in(found, case) else None


def is_open_in(asked: Attestation, case: Case) -> bool:
    """Whether the question is under way, and the case where it was asked."""
    here = bytes(asked.browser_digest) == bytes(case.browser_digest)
    return here and asked.closed_at is None and asked.expires_at > clock.now()


def code_of(attestation: Attestation) -> str:
    """What the claimant reads out. Computed, so that the page can be read again and a copy of the table tells nobody."""
    made = keyed_digest(attestation.id.bytes, context=f"attestation|{current_tenant_id()}")
    return f"{int.from_bytes(made[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def ask_attesters(tenant: Tenant, case_id: UUID, *, address: str, device: str) -> None:
    """Write to those who may say so, with a new code. TooMany for a case, a person or a network that asks too often. Quiet
    while a question is under way. Refused when nobody may be asked any more."""
    require_no_transaction()
    with tenant_scope(tenant.id):
        case = get_case(case_id)
        if not _may_ask(case) or open_attestation(case) is not None:
            return
        asked = [one.person.id for one in attesters_for(case)]
    take_in_turn(
        (OF_NETWORK, f"{tenant.id}|{network_of(address)}"),
        (OF_CASE, f"{tenant.id}|{case_id}"),
        (OF_PERSON, f"{tenant.id}|{case.person_id}"),
    )
    full = over(*((MAILS, f"{tenant.id}|{one}") for one in asked)) if asked else []
    spared = {one for one, is_over in zip(asked, full, strict=True) if is_over}
    with tenant_scope(tenant.id):
        case = locked(case_id)
        if _may_ask(case) and open_attestation(case) is None:
            _ask(tenant, case, spared, network=place_of(address), device=device)


def _may_ask(case: Case) -> bool:
    return case.state is CaseStatus.PROVING and case.attestation_due


def _ask(tenant: Tenant, case: Case, spared: set[UUID], *, network: str, device: str) -> None:
    attesters, rule = attesters_for(case), rule_of(case.profile)
    if not attesters:
        raise Refused("nobody_may_attest")
    is_first = not Attestation.objects.filter(case=case).exists()
    close_attestations(case, Attestation.End.EXPIRED)
    asked = Attestation.objects.create(
        case=case,
        browser_digest=bytes(case.browser_digest),
        voices=rule.voices,
        device=device[:40],
        network=network[:60],
        expires_at=clock.now() + timedelta(hours=rule.hours),
    )
    case.expires_at = max(case.expires_at, asked.expires_at + TO_GO_ON)
    case.save(update_fields=["expires_at"])
    for one in attesters:
        _ask_one(tenant, asked, one, is_mailed=one.person.id not in spared)
    record_event(
        EventName.ATTESTATION_ASKED,
        actor=claimant(case),
        subject=case.public_id,
        case_id=case.id,
        data={
            "asked": [one.asked_as.value for one in attesters],
            "voices": rule.voices,
            "not_mailed": len(spared),
        },
    )
    if is_first and case.person_id is not None:
        send_notice(
            "attestation_begun",
            addresses=emails_of(case.person_id),
            context={"reference": case.reference, "not_me_url": make_repudiation_link(tenant, case)},
            case_id=case.id,
        )


def _ask_one(tenant: Tenant, asked: Attestation, one: Attester, *, is_mailed: bool) -> None:
    token = new_token()
    AttestationAsk.objects.create(
        attestation=asked,
        person=one.person,
        asked_as=one.asked_as,
        token_digest=digest(token),
        is_mailed=is_mailed,
    )
    if is_mailed:
        send_notice(
            "attestation_asked",
            addresses=[one.address],
            context={
                "given_names": one.person.given_names,
                "link": tenant_url(tenant.slug, f"/attest/{token}"),
                "hours": str(rule_of(asked.case.profile).hours),
            },
            case_id=asked.case_id,
        )


def close_attestations(case: Case, end: Attestation.End) -> None:
    """Nobody may answer any more, and where it was asked from is forgotten. With the case locked."""
    still_open = Attestation.objects.filter(case=case, closed_at=None)
    still_open.update(closed_at=clock.now(), end=end, device="", network="")
