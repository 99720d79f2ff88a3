"""Which members hear of a recovery beside the person, as the profile says.

The person's own addresses are told of everything that matters, always; no profile turns that off. Members get the case's
reference and its page, never a name.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from portal.kit.origins import site_url
from recovery.models import Case
from recovery.statuses import Told
from tenants.models import Member
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with, own_tenant


def tell_reviewers(case: Case, reviewers: Iterable[Member]) -> None:
    """That a case waits for two of them, if the profile says so."""
    if Told.REVIEWERS in case.profile.told:
        _mail("staff_case_in_review", case, {member.user.email for member in reviewers}, "reviews:case")


def tell_members_of_wait(case: Case) -> None:
    """That a case waits, if the profile says so: time to ring the person at a number one knows."""
    if Told.MEMBERS_WAITING in case.profile.told:
        _mail("staff_case_waits", case, addresses_of_members_with(Right.ACT_ON_CASES), "cases:case")


def tell_members_of_recovery(case: Case) -> None:
    """That an account was recovered, if the profile says so."""
    if Told.MEMBERS_RECOVERED in case.profile.told:
        _mail("staff_case_recovered", case, addresses_of_members_with(Right.ACT_ON_CASES), "cases:case")


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
            },
        )
