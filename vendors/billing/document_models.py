"""What stands around the ledger's documents: whom they are for, what is disputed, what a partner says it counted.

None of it changes an entry. A dispute that is agreed to is an entry of its own; a partner's invoice is only compared.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel


class PaidBackTo(models.TextChoices):
    """Where money goes when an invoice that was paid becomes smaller."""

    BALANCE = "balance", _("Keep it as credit for the next invoice")
    CARD = "card", _("Pay it back to the card that paid")


class BillingDetails(TenantModel):
    """Whom invoices are made out to, from the next one on. Rows are never changed: the newest holds."""

    prefix: ClassVar[str] = "details"

    legal_name = models.CharField(max_length=160)
    address = models.CharField(max_length=400, blank=True)
    country = models.CharField(max_length=2, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    purchase_order = models.CharField(max_length=60, blank=True)
    cost_centre = models.CharField(max_length=60, blank=True)
    paid_back_to = models.CharField(max_length=8, choices=PaidBackTo.choices, default=PaidBackTo.BALANCE)


class Dispute(TenantModel):
    """A charge that the tenant says is wrong, and what the operator answered. One for each entry."""

    prefix: ClassVar[str] = "dispute"

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    entry = TenantForeignKey("billing.Entry", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=500, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "entry"], name="dispute_once")]
        indexes = [models.Index(fields=["tenant_id"], name="dispute_open", condition=models.Q(state="open"))]


class PartnerInvoice(TenantModel):
    """A partner's own bill as it was read, and what came of comparing it. It holds no personal data."""

    prefix: ClassVar[str] = "bill"

    vendor = models.CharField(max_length=40)
    first_day = models.DateField()
    last_day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    lines = models.PositiveIntegerField()
    matched = models.PositiveIntegerField()
    differences = models.PositiveIntegerField()
    # How many of each kind of difference, and what both sides add up to: {"theirs": "…", "ours": "…"}.
    counts = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "-created_at", "-id"], name="partner_invoice_recent")]


class PartnerDifference(TenantModel):
    """One thing that the partner and the ledger say differently."""

    prefix: ClassVar[str] = "difference"

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("Not in our ledger")
        MISSING_THERE = "missing_there", _("Not on their invoice")
        PRICE = "price", _("Another price")
        QUANTITY = "quantity", _("Another quantity")
        DOUBLE = "double", _("Billed twice")
        OUTCOME = "outcome", _("Another outcome")
        FREE = "free", _("Billed although free")
        PERIOD = "period", _("Another period")
        CURRENCY = "currency", _("Another currency")
        UNREADABLE = "unreadable", _("Could not be read")

    bill = TenantForeignKey(PartnerInvoice, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # The line of their file; nothing where they have none.
    line = models.PositiveIntegerField(null=True)
    reference = models.CharField(max_length=120, blank=True)
    case_reference = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField(null=True)
    theirs = models.CharField(max_length=120, blank=True)
    ours = models.CharField(max_length=120, blank=True)
    # What it changes about their total, in the bill's currency: above zero is billed too much.
    amount = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    entry_id = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "bill", "position"], name="partner_difference_once")
        ]
