"""The ledger: what was used, at which price, and why. It is ours and append-only (DESIGN 8)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import PlatformModel, TenantForeignKey, TenantModel


class Meter(models.TextChoices):
    DECISION = "decision", _("Partner decision")
    FACE_CHECK = "face_check", _("Face Check")


class Why(models.TextChoices):
    """Why an entry is billable or not; each has a sentence in `reasons.SENTENCES`."""

    DECIDED = "decided", _("Decided")
    OWN_CONTRACT = "own_contract", _("Your own contract")
    PARTNER_FAILED = "partner_failed", _("Partner's error")
    TIMED_OUT = "timed_out", _("Timed out")
    GIVEN_UP = "given_up", _("Given up")
    INCONCLUSIVE = "inconclusive", _("No decision")
    RETAKE = "retake", _("Retake")
    MOVED_BROWSERS = "moved_browsers", _("Moved to another browser")
    REUSED = "reused", _("Proof used again")


class PriceVersion(PlatformModel):
    """A price from one moment on. Rows are added by migrations and never changed."""

    prefix: ClassVar[str] = "price"

    meter = models.CharField(max_length=20, choices=Meter.choices)
    vendor = models.CharField(max_length=40)
    unit_price = models.DecimalField(max_digits=12, decimal_places=6)
    currency = models.CharField(max_length=3)
    effective_from = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "vendor", "effective_from"], name="price_version_once")
        ]


class ContractPrice(TenantModel):
    """What a tenant's own contract costs per decision, as the tenant entered it. Counted, never invoiced."""

    vendor = models.CharField(max_length=40)
    unit_price = models.DecimalField(max_digits=12, decimal_places=6)
    currency = models.CharField(max_length=3)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "vendor", "-created_at"], name="contract_price_current")]


class UsageEntry(TenantModel):
    """One check: what happened, what it costs, and why. It holds no personal data."""

    prefix: ClassVar[str] = "usage"

    idempotency_key = models.CharField(max_length=120)
    meter = models.CharField(max_length=20, choices=Meter.choices)
    vendor = models.CharField(max_length=40)
    connection_kind = models.CharField(max_length=12)
    quantity = models.PositiveIntegerField()
    price_version = models.ForeignKey(PriceVersion, on_delete=models.PROTECT, null=True, related_name="+")
    contract_price = TenantForeignKey(ContractPrice, on_delete=models.PROTECT, null=True, related_name="+")
    unit_price = models.DecimalField(max_digits=12, decimal_places=6)
    amount = models.DecimalField(max_digits=14, decimal_places=6)
    currency = models.CharField(max_length=3)
    billable = models.BooleanField()
    why = models.CharField(max_length=20, choices=Why.choices)
    case_id = models.UUIDField()
    case_reference = models.CharField(max_length=12)
    step = models.CharField(max_length=30)
    mode = models.CharField(max_length=12)
    occurred_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "idempotency_key"], name="usage_once")]
        indexes = [models.Index(fields=["tenant_id", "-occurred_at", "-id"], name="usage_recent")]
