"""What a day's checks may cost: how often one person is sent to a partner, and how many paid checks a tenant has.

Protects a tenant's money from whoever can open cases without end, and people from each other's spending. Over the
person's count the case is held, as after many attempts; over the tenant's nobody is sent to a partner until the day has
moved on, and the members are told. A network that begins check after check waits for the hour to pass. What a check
costs is reserved in the tenant's budgets before it begins, the partner's decision together with the Face Check after it:
what was begun is finished. What it does not do: know what a check costs.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from uuid import UUID

from portal.kit import clock
from portal.kit.limits import Limit, over
from portal.kit.origins import network_of
from recovery.alerting import alert_members
from recovery.cases import claimant, unproven
from recovery.models import Case, Profile
from recovery.ordering import partner_for
from recovery.routes import is_by_eid, route_of
from recovery.statuses import Route
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors import selectors as partners
from vendors import services as partner_services
from vendors.billing.selectors import paid_checks_since
from vendors.facecheck.models import Judge
from vendors.services import Spender

DAY = timedelta(hours=24)
PERSON_A_DAY = 6
USED_UP = "daily_checks_used_up"
# An office behind one address has many people, and seldom this many locked out in an hour.
OF_NETWORK = Limit("paid_checks_of_network", 60, 3600)


class Admission(Enum):
    YES = "yes"
    TOO_MANY_OF_PERSON = "too_many_of_person"
    TENANT_USED_UP = "tenant_used_up"
    OVER_BUDGET = "over_budget"
    TOO_MANY_OF_NETWORK = "too_many_of_network"
    # Nothing stops it but a question: the partner the person agreed to does not answer, and another would.
    ANOTHER_PARTNER = "another_partner"


def network_is_over(tenant: Tenant, address: str) -> bool:
    """Count one paid check that is about to begin from this network, commit, then compare."""
    (is_over,) = over((OF_NETWORK, f"{tenant.id}|{network_of(address)}"))
    return is_over


def hold_network_back(case: Case) -> Admission:
    """Write down, once for a case, that its network has begun too many. The case stays where it is."""
    name = EventName.PAID_CHECK_HELD_BACK
    if not AuditEvent.objects.filter(case_id=case.id, name=name.value).exists():
        record_event(
            name,
            actor=claimant(case),
            subject=case.public_id,
            case_id=case.id,
            data={"reason": Admission.TOO_MANY_OF_NETWORK.value},
        )
    return Admission.TOO_MANY_OF_NETWORK


def admit_paid_check(case: Case) -> Admission:
    """Whether one more paid check may begin. The profile's row is locked until the attempt is written down, so that two
    who come at once are counted one after the other."""
    profile = Profile.objects.select_for_update().get(id=case.profile_id)
    since = clock.now() - DAY
    if paid_checks_since(since) + _under_way() >= profile.daily_checks:
        _tell_once(case, profile)
        return Admission.TENANT_USED_UP
    mine = Case.objects.filter(person_id=case.person_id, created_at__gte=since).exclude(unproven())
    own = mine.values_list("id", flat=True)
    if partners.attempts_of(list(own)) >= PERSON_A_DAY:
        return Admission.TOO_MANY_OF_PERSON
    return Admission.YES


def _under_way() -> int:
    """People at partners now, whom somebody may still pay for."""
    costs_nothing = Case.objects.filter(unproven(), proves_first_at__gt=clock.now() - DAY)
    return partners.attempts_under_way(besides=costs_nothing.values_list("id", flat=True))


def spender_of(case: Case) -> Spender:
    return Spender(
        case_id=case.id,
        mode=case.mode,
        profile_id=case.profile_id,
        department=case.person.department if case.person else "",
        face_by=Judge.MICROSOFT if case.is_at_microsoft else Judge.READMIT,
    )


def reserve_recovery(case: Case, connection_id: UUID, attempt_id: UUID) -> Admission:
    """Reserve what proving costs, with the Face Check after it, which an eID has none of, and which nobody comes to who proves
    first and was not enough. Nothing is reserved unless the answer is yes."""
    admitted = partner_services.reserve_proofing(
        connection_id,
        attempt_id=attempt_id,
        spender=spender_of(case),
        until=case.expires_at,
        with_face=not (is_by_eid(case) or case.is_unproven),
    )
    return Admission.YES if admitted else Admission.OVER_BUDGET


def what_stops(case: Case) -> Admission:
    """What a page says before anybody tries; `admit_paid_check` and `reserve_recovery` decide."""
    if case.is_unproven:
        return Admission.YES
    spent = paid_checks_since(clock.now() - DAY) + _under_way()
    if spent >= case.profile.daily_checks:
        return Admission.TENANT_USED_UP
    connection = case.connection or partner_for(case)
    if connection and not partner_services.proofing_fits(
        connection.id, spender=spender_of(case), with_face=route_of(connection) is Route.DOCUMENT
    ):
        return Admission.OVER_BUDGET
    return Admission.YES


def _tell_once(case: Case, profile: Profile) -> None:
    told = profile.checks_used_up_at
    if told is not None and told > clock.now() - DAY:
        return
    Profile.objects.filter(id=profile.id).update(checks_used_up_at=clock.now())
    alert_members(case, reasons=[USED_UP])
