"""What the tenant says one reset at its help desk costs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import TenantModel


class HelpDeskCost(TenantModel):
    """Rows are never changed: the newest holds."""

    prefix: ClassVar[str] = "reset"

    amount = models.DecimalField(max_digits=9, decimal_places=2)
    currency = models.CharField(max_length=3)
