"""Sums of usage beside the ledger: derived, rebuilt from the entries, and compared with them (`rollups`)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit import clock
from portal.kit.models import PlatformModel, TenantModel


class UsageDay(TenantModel):
    """What a tenant used on one of its days, alike in everything the usage page tells apart: a sum of entries, derived and
    never the truth. `rollups` keeps it, and `manage.py roll_up` compares it with the entries and rebuilds it."""

    day = models.DateField()
    meter = models.CharField(max_length=20)
    vendor = models.CharField(max_length=40)
    connection_kind = models.CharField(max_length=12)
    outcome = models.CharField(max_length=16)
    why = models.CharField(max_length=20)
    billable = models.BooleanField()
    currency = models.CharField(max_length=3)
    price_version_id = models.UUIDField(null=True)
    profile_id = models.UUIDField(null=True)
    department = models.CharField(max_length=120)
    entries = models.BigIntegerField()
    quantity = models.BigIntegerField()
    amount = models.DecimalField(max_digits=30, decimal_places=6)

    # What entries of one row have in common, besides their day.
    ALIKE: ClassVar[tuple[str, ...]] = (
        "meter",
        "vendor",
        "connection_kind",
        "outcome",
        "why",
        "billable",
        "currency",
        "price_version_id",
        "profile_id",
        "department",
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "tenant_id",
                    "day",
                    "meter",
                    "vendor",
                    "connection_kind",
                    "outcome",
                    "why",
                    "billable",
                    "currency",
                    "price_version_id",
                    "profile_id",
                    "department",
                ],
                name="usage_day_once",
                nulls_distinct=False,
            )
        ]


class UsageDays(TenantModel):
    """One row of a tenant whose entries are rolled up: in which time zone its days begin, and when they were last compared
    with the entries."""

    time_zone = models.CharField(max_length=64)
    checked_at = models.DateTimeField(default=clock.now)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="usage_days_once")]


class UsagePending(PlatformModel):
    """An entry that is in no roll-up yet; `id` is the entry's. Ids only, like the outbox: it is written with the entry, so
    that live writers wait for nobody, and tells the worker which tenants have something to add up."""

    tenant_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "id"], name="usage_pending_of")]
