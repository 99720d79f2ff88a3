"""Payment in the console: who pays with what, what is past due, and the way to the hosted pages.

Cards, addresses and tax ids are entered at Stripe alone; here stands what the mirror knows of them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from portal.kit import clock
from portal.kit.ids import parse_public_id, uuid7
from portal.kit.money import Money
from portal.kit.origins import site_url
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.rights import Right
from vendors.billing.book import standing
from vendors.billing.collecting.asking import ask_for_page, collects
from vendors.billing.collecting.models import Operation, PaymentCall
from vendors.billing.collecting.selectors import Dunning, PayingParty, paying_parties
from vendors.billing.collecting.sending import url_of

PAGES = {"portal": Operation.OPEN_PORTAL, "card": Operation.BEGIN_SETUP}
# A hosted page's address is shown to whoever asked for it, and not for long.
GOOD_FOR = timedelta(minutes=10)
DUNNING = {
    Dunning.RETRYING: _("A payment was declined and will be tried again."),
    Dunning.PAST_DUE: _("An invoice is past its day. Pay it, or choose another payment method."),
    Dunning.GIVEN_UP: _("An invoice was given up on after several tries. Pay it to set the account right."),
}
TAX_STATES = {
    "verified": (_("Verified"), "ok"),
    "pending": (_("Being verified"), "info"),
    "unverified": (_("Could not be verified"), "warn"),
    "unavailable": (_("Not verified for this country"), "neutral"),
}


@require_GET
@requires(Right.SEE_USAGE)
def payment(request: HttpRequest) -> HttpResponse:
    found = standing()
    period = found.period_at(clock.now())
    parties = [_shown(party) for party in paying_parties(found.currencies)]
    context = {
        "collects": collects(),
        "is_sandbox": bool(settings.STRIPE_API_BASE) or "_test_" in settings.STRIPE_SECRET_KEY,
        "parties": parties,
        "late": [party for party in parties if party["warning"]],
        "next_at": period.end,
        "may_manage": seat_of(request).may(Right.MANAGE_BILLING),
    }
    return render(request, "billing/payment.html", context)


def _shown(party: PayingParty) -> dict[str, Any]:
    return {
        "party": party,
        "warning": DUNNING.get(party.dunning, ""),
        "credit": Money(party.credit_minor, party.currency).amount,
        "tax_ids": [
            {"value": tax_id.value, "label": told[0], "tone": told[1]}
            for tax_id in party.tax_ids
            for told in [TAX_STATES.get(tax_id.status, (_("Not verified"), "neutral"))]
        ],
    }


@require_POST
@requires(Right.MANAGE_BILLING)
@recent_sign_in
def open_page(request: HttpRequest, currency: str, what: str) -> HttpResponse:
    """Ask for a hosted page. It is opened outside this request; the next page has its link."""
    if what not in PAGES or currency not in standing().currencies or not collects():
        raise Http404
    seat, actor = seat_of(request), actor_of(request)
    back = site_url(reverse("payment:home", args=[seat.tenant.slug]))
    call = ask_for_page(
        operation=PAGES[what], call_id=uuid7(), currency=currency, return_url=back, asked_by=actor.id
    )
    record_event(
        EventName.PAYMENT_ASKED,
        actor=actor,
        subject=call.public_id,
        data={"operation": call.operation, "currency": currency},
    )
    return redirect("payment:continue", organisation=seat.tenant.slug, call_id=call.public_id)


@require_GET
@requires(Right.MANAGE_BILLING)
def go_on(request: HttpRequest, call_id: str) -> HttpResponse:
    """Our own page before theirs: a plain link, once there is one."""
    call = _asked_by_me(request, call_id)
    is_over = call.created_at < clock.now() - GOOD_FOR
    is_refused = PaymentCall.objects.filter(chain=call.chain, state=PaymentCall.State.REFUSED).exists()
    url = "" if is_over else url_of(call)
    waits = not (url or is_over or is_refused)
    context = {"url": url, "waits": waits, "is_sandbox": bool(settings.STRIPE_API_BASE)}
    answer = render(request, "billing/payment_continue.html", context)
    if waits:
        answer["Refresh"] = "2"
    return answer


def _asked_by_me(request: HttpRequest, text: str) -> PaymentCall:
    """A link that opens somebody's payment pages is for whoever asked for it, also among colleagues."""
    try:
        call = PaymentCall.objects.filter(
            id=parse_public_id(PaymentCall.prefix, text), operation__in=PAGES.values()
        ).first()
    except ValueError:
        call = None
    if call is None or call.params.get("asked_by") != actor_of(request).id:
        raise Http404
    return call
