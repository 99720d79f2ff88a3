"""Who hears of a recovery beside the person, as the profile says.

The person's own addresses are told of everything that matters, always; no profile turns that off. Where there is no address
members and the manager hear instead, whatever the profile says: somebody has to be able to say that it was not them. Members get the case's
reference and its page, never a name; a manager gets the name of whom they manage, and no page.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from portal.kit.origins import site_url
from recovery.models import Case
from recovery.statuses import Told
from tenants.directory.managers import manager_of
from tenants.directory.selectors import emails_of
from tenants.models import Member
from tenants.notices.services import send_notice, send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with, own_tenant


def tell_reviewers(case: Case, reviewers: Iterable[Member]) -> None:
    """That a case waits for two of them, if the profile says so."""
    if Told.REVIEWERS in case.profile.told:
        _mail("staff_case_in_review", case, {member.user.email for member in reviewers}, "reviews:case")


def tell_members_of_wait(case: Case) -> None:
    """That a case waits, if the profile says so: time to ring the person at a number one knows."""
    if Told.MEMBERS_WAITING in case.profile.told or case.proves_first:
        _mail("staff_case_waits", case, addresses_of_members_with(Right.ACT_ON_CASES), "cases:case")


def tell_members_of_recovery(case: Case) -> None:
    """That an account was recovered, if the profile says so."""
    if Told.MEMBERS_RECOVERED in case.profile.told or case.proves_first:
        _mail("staff_case_recovered", case, addresses_of_members_with(Right.ACT_ON_CASES), "cases:case")


def tell_manager_of_recovery(case: Case) -> None:
    """That the account of somebody in their team was recovered, if the profile says so and the directory has named them for
    72 hours: who knows the person sees first that it was not them. To the address held longest."""
    is_told = Told.MANAGER in case.profile.told or case.proves_first
    if not is_told or case.person is None:
        return
    manager = manager_of(case.person)
    if manager is None or manager.id == case.person_id or manager.status != manager.Status.ACTIVE:
        return
    addresses = emails_of(manager.id)
    if addresses:
        send_notice(
            "manager_told",
            addresses=addresses[:1],
            context={
                "given_names": manager.given_names,
                "who": case.person.display_name,
                "reference": case.reference,
            },
            case_id=case.id,
        )


def _mail(template: str, case: Case, addresses: Iterable[str], page: str) -> None:
    tenant = own_tenant()
    path = reverse(page, urlconf=settings.ROOT_URLCONF, args=[tenant.slug, case.public_id])
    for address in sorted(addresses):
        send_staff_mail(
            template,
            address=address,
            context={
                "organisation": tenant.name,
                "case_reference": case.reference,
                "case_url": site_url(path),
                "no_address": "" if case.person_id and emails_of(case.person_id) else "yes",
            },
        )
