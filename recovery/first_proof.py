"""Proving first, at the free partner: the way of people whom no code can reach, and of whoever says that none does.

Protects an account from whoever leaves the code out, people from being found out, and the organisation from paying for
either. Whoever presses the button goes the same way, also those who are nobody, are suspended, or could have read a code: to
the free partner and no further, with the same pages and the same work, and nothing is looked up before they proved something.
Only then is it asked whether the directory knows an address, whether what was proven is this person, and whether enough was
held to go on; every no is the same refusal. A day has so many of these and no more, counted under a lock and over all
profiles together, because a limit that differed from person to person would tell them apart. What it does not do: decide.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.alerting import alert_members
from recovery.applying import profiles_in_force
from recovery.cases import claimant, locked, move_case
from recovery.gathering import kinds_foreseen, match_proven, refusal_at_best
from recovery.models import Case, Profile
from recovery.no_address import why_code_is_needed
from recovery.ordering import free_partner
from recovery.statuses import CaseStatus, EvidenceKind, Mode
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.directory.matching import MatchOutcome, ProvenIdentity
from tenants.models import Tenant

DAY = timedelta(hours=24)
# An office behind one address has few people whom no mail reaches; the day's number is for everybody.
OF_NETWORK = Limit("first_proofs_of_network", 5, 86_400)
# Sessions at the free partner in one recovery, under every profile.
PROOFINGS = 2
NO_CODE, USED_UP = "no_code_reaches_them", "first_proofs_used_up"


def _leads_there(profile: Profile) -> bool:
    return bool(profile.decoys_end == Profile.DecoysEnd.FREE_PARTNER)


def is_offered() -> bool:
    """Whether the page of the code says that there is this way: the same for everybody, by all profiles in force."""
    return any(_leads_there(profile) for profile in profiles_in_force()) and free_partner() is not None


def is_trial(case: Case) -> bool:
    """Whether the pages say that it is a trial run. Before anything was proven they say what holds for everybody."""
    if not case.is_unproven:
        return bool(case.mode == Mode.EVALUATION)
    leading = [profile for profile in profiles_in_force() if _leads_there(profile)]
    return all(profile.mode == Mode.EVALUATION for profile in leading)


def begin_first_proof(tenant: Tenant, case_id: UUID, *, address: str) -> bool:
    """Go on without a code. False when the day has no more of these, TooMany when the network had its share; the case stays at
    the code then. The same work for everybody; quiet for a case that went on already."""
    require_no_transaction()
    if not _is_this_machine(address):
        take(OF_NETWORK, f"{tenant.id}|{network_of(address)}")
    with tenant_scope(tenant.id):
        case = locked(case_id)
        if case.state is not CaseStatus.OPENED:
            return True
        leading = _locked_leading()
        if not leading or free_partner() is None:
            raise Refused("step_out_of_order")
        begun = Case.objects.filter(proves_first_at__gt=clock.now() - DAY).count()
        if begun >= min(profile.first_proofs_a_day for profile in leading):
            _tell_once_a_day(case)
            return False
        move_case(
            case.id,
            CaseStatus.PROVING,
            actor=claimant(case),
            reasons=[NO_CODE],
            fields={"proves_first_at": clock.now()},
        )
        return True


def _is_this_machine(address: str) -> bool:
    try:
        return not settings.IS_PRODUCTION and ip_address(address).is_loopback
    except ValueError:
        return False


def _locked_leading() -> list[Profile]:
    """By id, which never changes: several who come at once are counted one after the other."""
    there = Profile.objects.select_for_update().filter(status=Profile.Status.PUBLISHED)
    return list(there.filter(decoys_end=Profile.DecoysEnd.FREE_PARTNER).order_by("id"))


def _tell_once_a_day(case: Case) -> None:
    """Under the lock of the profiles. Whoever uses the day up keeps those out who have no other way."""
    told = AuditEvent.objects.filter(
        name=EventName.CASE_ALERTED, created_at__gt=clock.now() - DAY, data__reasons__contains=[USED_UP]
    )
    if not told.exists():
        alert_members(case, reasons=[USED_UP])


def why_not_enough(case: Case, proven: ProvenIdentity) -> list[str]:
    """Why what the free partner proved lets nobody go on, as codes; empty where it does. With the case locked, before
    anything is issued or costs anything. What is odd about it is weighed in the decision."""
    refused = why_code_is_needed(case)
    if refused:
        return [refused]
    match = match_proven(case, case.person, proven)
    if match.outcome is not MatchOutcome.ONE:
        return [f"match_{match.outcome.value}", *match.reasons]
    held = {EvidenceKind.HELD_DOCUMENT_NUMBER} if match.document_was_held else set()
    return refusal_at_best(case, kinds_foreseen(case) | held)


def note_first_proof(case: Case) -> None:
    """It was this person, by what is held of them: from here on it is a recovery like others. With the case locked."""
    case.first_proof_at = clock.now()
    case.save(update_fields=["first_proof_at"])
