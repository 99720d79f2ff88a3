"""What a day's checks may cost: how often one person is sent to a partner, and how many paid checks a tenant has.

Protects a tenant's money from whoever can open cases without end, and people from each other's spending. Over the
person's count the case is held, as after many attempts; over the tenant's nobody is sent to a partner until the day has
moved on, and the members are told. A network that begins check after check waits for the hour to pass. A Face Check after a proof is always made: what was paid for is finished. What it
does not do: reserve money; budgets are another room's.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from portal.kit import clock
from portal.kit.limits import Limit, over
from portal.kit.origins import network_of
from recovery.alerting import alert_members
from recovery.cases import claimant
from recovery.models import Case, Profile
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors import selectors as partners
from vendors.billing.selectors import paid_checks_since

DAY = timedelta(hours=24)
PERSON_A_DAY = 6
USED_UP = "daily_checks_used_up"
# An office behind one address has many people, and seldom this many locked out in an hour.
OF_NETWORK = Limit("paid_checks_of_network", 60, 3600)


class Admission(Enum):
    YES = "yes"
    TOO_MANY_OF_PERSON = "too_many_of_person"
    TENANT_USED_UP = "tenant_used_up"
    TOO_MANY_OF_NETWORK = "too_many_of_network"


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
    if paid_checks_since(since) + partners.attempts_under_way() >= profile.daily_checks:
        _tell_once(case, profile)
        return Admission.TENANT_USED_UP
    own = Case.objects.filter(person_id=case.person_id, created_at__gte=since).values_list("id", flat=True)
    if partners.attempts_of(list(own)) >= PERSON_A_DAY:
        return Admission.TOO_MANY_OF_PERSON
    return Admission.YES


def is_used_up(case: Case) -> bool:
    """What a page says before anybody tries; `admit_paid_check` decides."""
    spent = paid_checks_since(clock.now() - DAY) + partners.attempts_under_way()
    return bool(spent >= case.profile.daily_checks)


def _tell_once(case: Case, profile: Profile) -> None:
    told = profile.checks_used_up_at
    if told is not None and told > clock.now() - DAY:
        return
    Profile.objects.filter(id=profile.id).update(checks_used_up_at=clock.now())
    alert_members(case, reasons=[USED_UP])
