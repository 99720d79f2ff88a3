"""Telling those who answer for the money: a share of a budget is spent, or a hard cap held a check up.

Each is told once in a window, under the lock of the window's row. Mails name amounts, the budget and a case's reference,
never a person.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.ids import short_reference
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.billing.models import Budget, BudgetWindow
from vendors.billing.price_file import amount_text


def tell_shares(budget: Budget, row: BudgetWindow) -> None:
    """Tell about every share that is spent and was not told; one mail, about the highest."""
    due = [share for share in budget.shares if share not in row.told and row.has_passed(share, budget)]
    if not due:
        return
    row.told = sorted({*row.told, *due})
    row.save(update_fields=["told"])
    record_event(
        EventName.BUDGET_SHARE_SPENT,
        actor=SYSTEM,
        subject=budget.public_id,
        data={"name": budget.name, "share": max(due), **_sums(budget, row)},
    )
    _mail("staff_budget_share", budget, row, {"share": str(max(due))})


def tell_cap_met(budget: Budget, row: BudgetWindow, case_id: UUID) -> None:
    if row.cap_met_at is not None:
        return
    row.cap_met_at = clock.now()
    row.save(update_fields=["cap_met_at"])
    record_event(
        EventName.BUDGET_CAP_MET,
        actor=SYSTEM,
        subject=budget.public_id,
        case_id=case_id,
        data={"name": budget.name, **_sums(budget, row)},
    )
    _mail("staff_budget_cap", budget, row, {"case_reference": short_reference(case_id)})


def _sums(budget: Budget, row: BudgetWindow) -> dict[str, str]:
    return {
        "spent": amount_text(row.spent),
        "reserved": amount_text(row.reserved),
        "amount": amount_text(budget.amount),
        "currency": budget.currency,
    }


def _mail(template: str, budget: Budget, row: BudgetWindow, more: dict[str, str]) -> None:
    tenant = Tenant.objects.get(id=current_tenant_id())
    path = reverse("budgets:list", urlconf=settings.ROOT_URLCONF, args=[tenant.slug])
    context = {
        "organisation": tenant.name,
        "budget": budget.name,
        "is_hard": "yes" if budget.is_hard else "",
        "left": amount_text(max(budget.amount - row.spent - row.reserved, Decimal(0))),
        "budgets_url": site_url(path),
        **_sums(budget, row),
        **more,
    }
    for address in addresses_of_members_with(Right.MANAGE_BILLING):
        send_staff_mail(template, address=address, context=context)
