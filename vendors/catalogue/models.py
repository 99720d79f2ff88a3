"""What the marketplace offers, and what each tenant bought of it.

Listings and confirmations belong to the platform: they come from reviewed files and from the operator, and are never
changed. A purchase belongs to its tenant.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import PlatformModel, TenantModel
from vendors.catalogue.purchase_status import ACTIVE, BUYING, PurchaseStatus


class ListingVersion(PlatformModel):
    """One reviewed file, as it was loaded. The newest one that is in force is what pages show; earlier ones are its
    history. `content` passed the schema and the checks of `reading` before it got here."""

    prefix: ClassVar[str] = "listing"

    slug = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    effective_from = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "number"], name="listing_version_once"),
        ]


class ContractConfirmation(PlatformModel):
    """A partner confirmed that our profile of its contract is right. `reference` says where that is written."""

    prefix: ClassVar[str] = "confirmation"

    slug = models.CharField(max_length=40)
    confirmed_on = models.DateField()
    reference = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "confirmed_on"], name="contract_confirmation_once"),
        ]


class Purchase(TenantModel):
    """One go at buying a listing, from the choice of a plan to its end. A change of plan is a purchase of its own that
    takes the place of the one before when it is paid."""

    prefix: ClassVar[str] = "purchase"

    slug = models.CharField(max_length=40)
    plan = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=PurchaseStatus.choices, default=PurchaseStatus.PLANNED)
    # What was agreed to in the review, as it was read: {"due_minor", "prices", "terms": [key, …]}.
    agreed = models.JSONField(default=dict)
    agreed_at = models.DateTimeField(null=True)
    # The call that opened Checkout last; `tries` names the next one.
    checkout_id = models.UUIDField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    paid_at = models.DateTimeField(null=True)
    # Its end at the end of a period, as long as nobody resumes it; and when it ended.
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Prices that come into force later and were told to those who pay, by the id of their version.
    announced = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "slug"],
                condition=models.Q(status__in=sorted(BUYING)),
                name="purchase_under_way_once",
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "slug"],
                condition=models.Q(status__in=sorted(ACTIVE)),
                name="purchase_active_once",
            ),
        ]
