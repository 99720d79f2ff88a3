"""After consent, to a Verified ID: the partner proves who somebody is, the authority issues what it proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import translation

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.errors import Refused
from portal.kit.ids import uuid7
from portal.kit.outbox import Job
from recovery.allowance import may_begin_proofing
from recovery.cases import get_case, has_done, locked, move_case, record_step, standing_steps
from recovery.consenting import purpose_of
from recovery.decision import EID_LEVELS, levels_of_eid_from
from recovery.first_proof import PROOFINGS as FIRST_PROOFINGS
from recovery.first_proof import note_first_proof, why_not_enough
from recovery.gathering import date_of, foreseen_refusal
from recovery.holding import hold_case
from recovery.models import Case, Profile
from recovery.ordering import turn_to_another
from recovery.proof import browser_is_known, drop_earlier_proof
from recovery.reference_evidence import expected_of
from recovery.routes import is_by_eid, route_of
from recovery.spending import (
    Admission,
    admit_paid_check,
    hold_network_back,
    reserve_recovery,
    spender_of,
)
from recovery.statuses import ENDED_WITHOUT_ACCOUNT, CaseStatus, Route, StepKind, StepState
from tenants.directory.matching import ProvenIdentity
from tenants.directory.models import HeldEvidence
from tenants.directory.selectors import document_digest
from tenants.models import Tenant
from tenants.verified_id import credentials, issuance, offers
from vendors import selectors as partners
from vendors import services as vendor_services
from vendors.addresses import return_url_of
from vendors.phases import Errand
from vendors.services import ProofingResult

NEEDED = ("given_names", "family_name", "birthdate")


def most_sessions(case: Case) -> int:
    """How often one recovery may be sent to a partner: as its profile says, and until it is known whose it is as often for
    everybody."""
    return FIRST_PROOFINGS if case.is_unproven else int(case.profile.proofings)


def begin_case_proofing(tenant: Tenant, case: Case, *, network_is_over: bool, address: str = "") -> Admission:
    """Ask the partner for a session. Quiet until the end of the last is noted; at most three for one case,
    those left behind in another browser among them: each may still be charged.
    `network_is_over` was counted and committed before (recovery.spending). `address`: the browser's, for eIDs that are told.

    Nobody is sent to a partner, and nothing is charged, for what would be refused at the end.
    """
    case = locked(case.id)
    done = {step.kind for step in standing_steps(case) if step.state == StepState.DONE}
    if case.state is not CaseStatus.PROVING or StepKind.CONSENTED not in done:
        raise Refused("step_out_of_order")
    if case.attempt_id is not None or StepKind.PROOFED in done:
        return Admission.YES
    if turn_to_another(case) or case.connection is None:
        return Admission.ANOTHER_PARTNER
    connection = case.connection
    refused = ["profile_not_in_force"] if case.profile.status != Profile.Status.PUBLISHED else []
    if not may_begin_proofing(most_sessions(case), partners.attempts_of([case.id])):
        refused = ["proofing_tries_used_up"]
    refused = refused or foreseen_refusal(case)
    if refused:
        move_case(case.id, CaseStatus.REFUSED, reasons=refused)
        return Admission.YES
    if network_is_over:
        return hold_network_back(case)
    # Whoever proves first was counted when they set out, and costs nothing until it was enough.
    admitted = Admission.YES if case.is_unproven else admit_paid_check(case)
    if admitted is Admission.TOO_MANY_OF_PERSON:
        hold_case(case, reasons=["many_checks"])
    if admitted is not Admission.YES:
        return admitted
    attempt_id = uuid7()
    admitted = reserve_recovery(case, connection.id, attempt_id)
    if admitted is not Admission.YES:
        return admitted
    drop_earlier_proof(case)
    spender = spender_of(case)
    attempt = vendor_services.begin_proofing(
        connection_id=connection.id,
        reference=case.id,
        browser_digest=bytes(case.browser_digest),
        return_url=return_url_of(tenant.slug, connection.vendor),
        locale=translation.get_language() or "en",
        purpose=purpose_of(tenant, case),
        demonstration=tenant.is_demonstration,
        mode=case.mode,
        attempt_id=attempt_id,
        profile_id=spender.profile_id,
        department=spender.department,
        address=address,
        expected=expected_of(case),
    )
    case.attempt_id = attempt.id
    case.save(update_fields=["attempt_id"])
    return admitted


def renew_partner_link(case: Case, *, address: str = "") -> None:
    """The link into the partner's session is short; a page that waits asks for a new one."""
    if case.attempt_id is not None:
        vendor_services.renew_link(case.attempt_id, address=address)


def give_up_partner(case: Case) -> None:
    """The person stops waiting for an app; the case goes on as after any session that decided nothing."""
    if case.attempt_id is not None:
        vendor_services.give_up_proofing(case.attempt_id)


def is_proofing(case: Case) -> bool:
    """Whether a partner's session is under way and not over."""
    if case.attempt_id is None:
        return False
    return partners.proofing_state(case.attempt_id).phase not in {"done", "failed"}


def return_from_partner(
    query: Mapping[str, Sequence[str]], browsers: Mapping[Errand, bytes], *, came_to: str
) -> Errand:
    """The browser is back, at the path `came_to`, from what it was sent for. Changes nothing before `state` matches browser
    and attempt; the worker exchanges."""
    return Errand(vendor_services.receive_return(query=query, browsers=browsers, came_to=came_to).errand)


# What follows an event of a lower room --------------------------------------------------------------------------


def on_proofing_completed(job: Job) -> None:
    """The partner answered: keep what the credential needs, or note the refusal."""
    case = locked(job.uuid("reference"))
    attempt_id = job.uuid("attempt_id")
    if (
        case.state is not CaseStatus.PROVING
        or case.attempt_id != attempt_id
        or has_done(case, StepKind.PROOFED)
    ):
        return
    state = partners.proofing_state(attempt_id)
    vendor = Actor(ActorKind.VENDOR, case.connection.vendor if case.connection else "")
    if state.contradicted:
        record_step(
            case, StepKind.PROOFED, StepState.FAILED, actor=vendor, vendor=vendor.id, reasons=["contradicted"]
        )
        move_case(case.id, CaseStatus.REFUSED, actor=vendor, reasons=["partner_contradicted_itself"])
        return
    if state.outcome != "verified":
        _note_refusal(case, vendor, state.outcome or "partner_failed", state.reasons)
        return
    result = vendor_services.take_result(attempt_id)
    _issue(case, result, vendor)


def _note_refusal(case: Case, vendor: Actor, outcome: str, reasons: Sequence[str]) -> None:
    record_step(
        case,
        StepKind.PROOFED,
        StepState.FAILED,
        actor=vendor,
        vendor=vendor.id,
        evidence={"outcome": outcome},
        reasons=reasons,
    )
    if outcome == "not_verified":
        # A conclusive no ends the case; a new one may be opened, and that is counted.
        move_case(case.id, CaseStatus.REFUSED, actor=vendor, reasons=["proofing_refused"])
        return
    # Noted: until here the claimant's page waits for it, and no second session begins.
    case.attempt_id = None
    case.save(update_fields=["attempt_id"])
    turn_to_another(case)


def _issue(case: Case, result: ProofingResult, vendor: Actor) -> None:
    """Keep what was proven for a wallet, in the way the person agreed to: with the portrait, or by an eID without one."""
    by_eid = is_by_eid(case)
    level = _level_of(result) if by_eid else ""
    refused = _unusable(case, result, level)
    if refused:
        # A partner may withhold what it verified; without it nobody can be matched or compared.
        _note_refusal(case, vendor, "not_verified", refused)
        return
    # An eID has no document: what tells the same person again is its number, of which there is a digest alone.
    case.document_digest = result.national_id_digest or document_digest(
        result.claims.get("document_number", ""), result.claims.get("document_country", "")
    )
    record_step(case, StepKind.PROOFED, actor=vendor, vendor=vendor.id, evidence=_told(result, level))
    if case.is_unproven and not _goes_on(case, result):
        return
    claims = {
        "given_name": result.claims["given_names"],
        "family_name": result.claims["family_name"],
        "birthdate": result.claims["birthdate"],
        "assurance_level": level or "substantial",
        "partner": vendor.id,
        "document_type": result.claims.get("document_type", ""),
        "document_country": result.claims.get("document_country", ""),
        "verified_at": case.created_at.date().isoformat(),
    }
    begun = issuance.begin_issuance(
        reference=case.id,
        claims=claims,
        # A picture that somebody sends beside an eID is not what anybody agreed to.
        portrait=None if by_eid else result.portrait,
        actor=SYSTEM,
        kept_for_reference=True,
    )
    case.issuance_id = begun.id
    case.proofed_browser_digest = result.browser_digest
    case.save(update_fields=["document_digest", "issuance_id", "proofed_browser_digest"])


def _goes_on(case: Case, result: ProofingResult) -> bool:
    """Whether what was proven first is this person and enough to go on. Of whoever is refused the document's digest stays
    with the case of somebody who is there, as after every refusal."""
    refused = why_not_enough(case, _proven_by(case, result))
    if refused:
        fields = {"document_digest": case.document_digest} if case.person_id else {}
        move_case(case.id, CaseStatus.REFUSED, reasons=refused, fields=fields)
        return False
    note_first_proof(case)
    return True


def _proven_by(case: Case, result: ProofingResult) -> ProvenIdentity:
    kind = HeldEvidence.Kind.NATIONAL_ID if result.national_id_digest else HeldEvidence.Kind.DOCUMENT_NUMBER
    return ProvenIdentity(
        given_names=result.claims["given_names"],
        family_name=result.claims["family_name"],
        birthdate=date_of(result.claims["birthdate"]),
        document_digest=case.document_digest,
        number_kind=kind.value,
    )


def _unusable(case: Case, result: ProofingResult, level: str) -> list[str]:
    """Why the answer proves nothing in the way the person agreed to. What the partner is listed as is asked once more: a
    portrait that is missing is never a way without a face."""
    missing = [f"{name}_missing" for name in NEEDED if not result.claims.get(name)]
    # A case from before there were two ways has none written down, and proves by a document.
    if case.connection is None or route_of(case.connection).value != (case.route or Route.DOCUMENT.value):
        return [*missing, "proven_another_way"]
    if not is_by_eid(case):
        return [*missing, *(["portrait_missing"] if result.portrait is None else [])]
    low = level not in levels_of_eid_from(case.profile.eid_level)
    return [*missing, *(["eid_level_too_low"] if low else [])]


def _level_of(result: ProofingResult) -> str:
    """Of several that are told the lowest; empty where one is not known."""
    told = [said.eid.value if said.eid else "" for said in result.assurance]
    order = ["", "low", *EID_LEVELS]
    return min(told, key=order.index, default="")


def _told(result: ProofingResult, level: str) -> dict[str, Any]:
    """What is kept of a proof: codes and levels, nothing that names a person."""
    by_eid = {"eid_level": level, "acr": [said.level for said in result.assurance]} if level else {}
    return {
        "checks": sorted(check.name for check in result.checks if check.passed),
        "document_type": result.claims.get("document_type", ""),
        "evidence_digest": result.evidence_digest,
        **_days_left(result.claims.get("document_expiry", "")),
        **({"number": HeldEvidence.Kind.NATIONAL_ID.value} if result.national_id_digest else {}),
        **by_eid,
    }


def _days_left(expiry: str) -> dict[str, int]:
    """For how many days the document is still good, less than none once it expired; nothing where nobody said."""
    try:
        return {"document_days_left": (date.fromisoformat(expiry) - clock.now().date()).days}
    except ValueError:
        return {}


def on_credential_issued(job: Job) -> None:
    """A wallet fetched the credential. It names no account; the case only remembers which one it caused. A wallet
    whose answer was lost may fetch another: the later one counts, the earlier was revoked. One that was fetched in the
    moment the case ended, or after it was shown, belongs to nothing and is void."""
    case = locked(job.uuid("reference"))
    was_shown = has_done(case, StepKind.PRESENTED) and not case.needs_new_presence
    if case.state in ENDED_WITHOUT_ACCOUNT or (was_shown and case.credential_id != job.uuid("credential_id")):
        credentials.revoke_credential(job.uuid("credential_id"), reason="case_moved_on", actor=SYSTEM)
        return
    if case.issuance_id != job.uuid("issuance_id") or was_shown:
        return
    case.credential_id = job.uuid("credential_id")
    case.save(update_fields=["credential_id"])
    record_step(case, StepKind.CREDENTIAL_ISSUED, actor=Actor(ActorKind.WALLET))


def offer_for(case_id: UUID, *, other_wallet: bool) -> offers.Offer:
    """A fresh offer of the case's credential, for the web wallet in this browser or for any other wallet."""
    case = get_case(case_id)
    if case.issuance_id is None or case.state is not CaseStatus.PROVING or not browser_is_known(case):
        raise Refused("step_out_of_order")
    return offers.make_offer(case.issuance_id, other_wallet=other_wallet)
