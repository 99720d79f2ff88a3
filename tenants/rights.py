"""What members may do. Code asks for a right, never for a role."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(StrEnum):
    SEE_OVERVIEW = "see_overview"
    SEE_CASES = "see_cases"
    ACT_ON_CASES = "act_on_cases"
    REVIEW_CASES = "review_cases"
    SEE_PEOPLE = "see_people"
    MANAGE_PEOPLE = "manage_people"
    SEE_PROFILES = "see_profiles"
    MANAGE_PROFILES = "manage_profiles"
    SEE_VERIFIED_ID = "see_verified_id"
    MANAGE_VERIFIED_ID = "manage_verified_id"
    SEE_PARTNERS = "see_partners"
    MANAGE_PARTNERS = "manage_partners"
    SEE_USAGE = "see_usage"
    MANAGE_BILLING = "manage_billing"
    SEE_MEMBERS = "see_members"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_ORGANISATION = "manage_organisation"
    SEE_AUDIT = "see_audit"
    # What a synchronisation would take out at once is an owner's to decide.
    ALLOW_REMOVAL = "allow_removal"


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMINISTRATOR = "administrator", _("Administrator")
    BILLING_MANAGER = "billing_manager", _("Billing manager")
    HELP_DESK = "help_desk", _("Help-desk agent")
    AUDITOR = "auditor", _("Auditor")


_SEE_ALL = frozenset(right for right in Right if right.value.startswith("see_"))

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMINISTRATOR: frozenset(Right) - {Right.MANAGE_BILLING, Right.ALLOW_REMOVAL},
    # Money and no names.
    Role.BILLING_MANAGER: frozenset(
        {Right.SEE_OVERVIEW, Right.SEE_PARTNERS, Right.SEE_USAGE, Right.MANAGE_BILLING}
    ),
    # Cases, and never a pass: no right shows one.
    Role.HELP_DESK: frozenset(
        {Right.SEE_OVERVIEW, Right.SEE_CASES, Right.ACT_ON_CASES, Right.REVIEW_CASES, Right.SEE_PEOPLE}
    ),
    Role.AUDITOR: _SEE_ALL,
}


def rights_of(role: str) -> frozenset[Right]:
    """The rights of a role; none for a role nobody knows."""
    return RIGHTS[Role(role)] if role in Role.values else frozenset()
