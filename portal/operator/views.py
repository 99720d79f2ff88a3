"""Refunds that nobody explained: the list over all organisations, and the page on which an operator says why."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Invalid
from portal.kit.paging import Column, Order, page_of
from portal.kit.scope import tenant_scope
from portal.operator.access import operator_of, operators_only, refuse_own
from portal.operator.forms import RefundForm
from portal.recent import recent_sign_in
from tenants.models import Tenant
from vendors.billing.collecting.models import UnsettledRefund
from vendors.billing.collecting.refunds import Refund, refund_apart, settle_refund
from vendors.billing.price_file import amount_text

PAGE = 50
NEWEST = Order(Column("created_at"), is_descending=True)


@require_GET
@operators_only
def refunds(request: HttpRequest) -> HttpResponse:
    page = page_of(UnsettledRefund.objects.all(), NEWEST, request.GET.get("cursor", ""), PAGE)
    tenants = Tenant.objects.in_bulk({row.tenant_id for row in page.rows})
    context = {
        "rows": [
            {"refund": row, "tenant": tenants[row.tenant_id]} for row in page.rows if row.tenant_id in tenants
        ],
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "previous_url": f"?cursor={page.previous_cursor}" if page.previous_cursor else "",
    }
    return render(request, "operator/refunds.html", context)


@require_http_methods(["GET", "POST"])
@operators_only
@recent_sign_in
def refund(request: HttpRequest, slug: str, refund: str) -> HttpResponse:
    """What will be entered, and the reason for it. Whoever comes second reads that it is done."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise Http404
    refuse_own(request, tenant)
    with tenant_scope(tenant.id):
        return _refund(request, tenant, refund)


def _refund(request: HttpRequest, tenant: Tenant, name: str) -> HttpResponse:
    found = refund_apart(name)
    if found is None:
        messages.info(request, _("Nothing is left to enter of this refund."))
        return redirect("operator:refunds")
    form = RefundForm(request.POST or None, word=amount_text(found.more.amount))
    if request.method == "POST" and form.is_valid():
        try:
            settle_refund(name, reason=form.cleaned_data["reason"], actor=operator_of(request))
        except Invalid as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.sentence)
        else:
            messages.success(request, _("Entered. The organisation's audit log has the reason."))
            return redirect("operator:refunds")
    return render(request, "operator/refund.html", {"form": form, "tenant": tenant, **_told(found)})


def _told(found: Refund) -> dict[str, object]:
    return {"refund": found, "amount": found.more.amount, "is_advance": found.grant_id is not None}
