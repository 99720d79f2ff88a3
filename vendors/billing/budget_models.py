"""Budgets and what each of their windows adds up to (`budgeting`, `counting`)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from tenants.rights import Role


def default_shares() -> list[int]:
    return [50, 75, 90, 100]


class Budget(TenantModel):
    """What may be spent on something in each of its windows. An empty name means everything; what it is for never changes.

    A soft budget tells, a hard one holds up checks that would pass it. It counts what checks cost at most (`bounds`) in its
    own currency, of what we invoice and of own contracts alike.
    """

    prefix: ClassVar[str] = "budget"

    class Every(models.TextChoices):
        DAY = "day", _("Each day")
        PERIOD = "period", _("Each billing period")
        YEAR = "year", _("Each calendar year")

    # Who may break the glass, if the budget names them. Billing managers say whom it names, so they are none of them.
    LIFTING_ROLES: ClassVar[frozenset[str]] = frozenset({Role.OWNER, Role.ADMINISTRATOR})

    name = models.CharField(_("name"), max_length=80)
    vendor = models.CharField(max_length=40, blank=True)
    profile_id = models.UUIDField(null=True)
    department = models.CharField(max_length=120, blank=True)
    every = models.CharField(max_length=8, choices=Every.choices, default=Every.PERIOD)
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3)
    shares = models.JSONField(default=default_shares)
    is_hard = models.BooleanField(default=False)
    lifting_roles = models.JSONField(default=list)
    lifted_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="budget_more_than_nothing"),
        ]
        indexes = [
            models.Index(fields=["tenant_id"], name="budget_open", condition=Q(closed_at=None)),
        ]

    def holds_at(self, moment: datetime) -> bool:
        """Whether its cap holds checks up then."""
        return self.is_hard and (self.lifted_until is None or self.lifted_until <= moment)

    def may_lift(self, role: str) -> bool:
        return role in self.LIFTING_ROLES and role in self.lifting_roles


class BudgetWindow(TenantModel):
    """What is spent and reserved in one window of a budget: the sum of its entries, kept so that one lock decides."""

    budget = TenantForeignKey(Budget, on_delete=models.PROTECT, related_name="windows")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    spent = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    reserved = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    # Price versions of its checks whose lines may be rounded up (`bounds`).
    fine = models.JSONField(default=list)
    # The shares that were told about, and when the cap first held a check up.
    told = models.JSONField(default=list)
    cap_met_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "budget", "starts_at"], name="budget_window_once")
        ]

    def has_passed(self, share: int, budget: Budget) -> bool:
        return self.spent * 100 >= budget.amount * share
