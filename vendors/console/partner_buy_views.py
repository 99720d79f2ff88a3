"""Buying a partner in the console: plan, review, payment page, and back; asking for a contract; the end of it.

No form here ends at Stripe: our own page has a plain link, once there is one, and whoever comes back reads what is known.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.origins import site_url, tenant_host
from portal.kit.outbox import enqueue
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.rights import Right
from vendors.billing.book import standing
from vendors.billing.collecting.mirroring import LOOK_AGAIN
from vendors.billing.collecting.models import FactKind, PaymentCall, PaymentFact
from vendors.billing.collecting.sending import url_of
from vendors.billing.rating.prices import STANDARD
from vendors.catalogue import purchasing
from vendors.catalogue.amounts import Offered, effects_of, offered_plan, offered_plans, sentences_of, told
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import PurchaseStatus
from vendors.catalogue.shelf import Item
from vendors.console import partner_shown as shown
from vendors.console.partner_buy_forms import AgreeForm, PlanForm
from vendors.console.partner_purchase import is_requested, is_sold, purchases_of

LOOKED = timedelta(seconds=4)
ASKING = gettext_noop(
    "We would like to use %(partner)s to prove the identity of our own people when they recover their account, and need a contract "
    "with you for it.\n\nOur organisation: %(organisation)s\nThe software that calls you: Readmit\nOur people come from: %(host)s"
)
RETURNING = gettext_noop("Return address (redirect URI): %(return_url)s")
QUESTIONS = gettext_noop(
    "Plain questions: what does one decision cost, what do you keep of people and how long, and does your contract allow this use in "
    "writing? We need a test account and the credentials for it."
)
REGISTERING = gettext_noop(
    "We would like to register as a relying party for European Digital Identity Wallets, and need an access certificate.\n\n"
    "Our organisation: %(organisation)s\nHost name: %(host)s\nPurpose: proving the identity of our own people when they recover "
    "their account\nWhat we ask for, of the PID (urn:eudi:pid:1, SD-JWT VC): family_name, given_name, birthdate, issuing_country, "
    "and personal_administrative_number or document_number\n\nOur signing request (PKCS #10) is attached. What does "
    "registration cost, and how long does a certificate last?"
)


def _slug(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def _url(request: HttpRequest, name: str, vendor: str) -> str:
    return reverse(f"partners:{name}", args=[_slug(request), vendor])


def _to(request: HttpRequest, name: str, vendor: str) -> HttpResponse:
    return redirect(f"partners:{name}", _slug(request), vendor)


def _sold_or_404(vendor: str) -> Item:
    """What has plans and can be used once it is paid."""
    item = shown.item_or_404(vendor)
    if not is_sold(item):
        raise Http404
    return item


def _context(request: HttpRequest, item: Item, here: str) -> dict[str, Any]:
    name = _(item.listing.name)
    return {
        "name": name,
        "slug": item.slug,
        "back": _url(request, "partner", item.slug),
        "breadcrumbs": [
            {"label": _("Partners"), "url": reverse("partners:browse", args=[_slug(request)])},
            {"label": name, "url": _url(request, "partner", item.slug)},
            {"label": here},
        ],
    }


# ------------------------------------------------------------------ plan and review


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def buy(request: HttpRequest, vendor: str) -> HttpResponse:
    """Choose a plan, or another one."""
    item = _sold_or_404(vendor)
    under_way, active = purchases_of(vendor)
    chosen = under_way or active
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        plans=offered_plans(item, standing().currencies),
        initial={"plan": chosen.plan if chosen else ""},
    )
    if request.method == "POST" and form.is_valid():
        try:
            purchasing.begin_purchase(vendor, form.cleaned_data["plan"], actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return _to(request, "review", vendor)
    context = {**_context(request, item, _("Plan")), "form": form, "is_change": active is not None}
    return render(request, "vendors/buy.html", context)


def _under_way_or_404(vendor: str) -> Purchase:
    found = purchasing.purchase_under_way(vendor)
    if found is None or not found.plan:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
@recent_sign_in
def review(request: HttpRequest, vendor: str) -> HttpResponse:
    """Price, tax, terms and what changes; agreeing leads to the payment page."""
    item, purchase = _sold_or_404(vendor), _under_way_or_404(vendor)
    offered = offered_plan(item, purchase.plan, [purchase.currency])
    form = AgreeForm(
        request.POST if request.method == "POST" else None,
        terms=item.listing.terms,
        initial={"seen_minor": offered.due.minor},
    )
    if request.method == "POST" and form.is_valid():
        try:
            _agree_and_pay(request, purchase, form)
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            return _onward(request, vendor)
    context = {
        **_context(request, item, _("Review")),
        "form": form,
        "plan": _(offered.plan.title),
        "sentences": sentences_of(offered),
        "due": told(offered.due.amount, offered.currency) if offered.due.minor else "",
        "effects": effects_of(_in_force(item, vendor), offered, _share_left()),
        "counted": _(item.listing.counted),
        "not_counted": _(item.listing.not_counted),
        "taxes_by_page": settings.STRIPE_AUTOMATIC_TAX,
    }
    return render(request, "vendors/review.html", context)


def _agree_and_pay(request: HttpRequest, purchase: Purchase, form: AgreeForm) -> None:
    seen = form.cleaned_data.get("seen_minor")
    purchasing.review_purchase(
        purchase.id,
        agreed=form.agreed_to(),
        seen_minor=-1 if seen is None else seen,
        actor=actor_of(request),
    )
    _pay(request, purchase)


def _pay(request: HttpRequest, purchase: Purchase) -> None:
    purchasing.pay_purchase(
        purchase.id,
        return_url=site_url(_url(request, "paid", purchase.slug)),
        cancel_url=site_url(_url(request, "partner", purchase.slug)),
        actor=actor_of(request),
    )


def _onward(request: HttpRequest, vendor: str) -> HttpResponse:
    under_way, active = purchases_of(vendor)
    if under_way is not None and under_way.status == PurchaseStatus.PAYING:
        return _to(request, "checkout", vendor)
    if under_way is not None:
        messages.info(request, _("The price has changed meanwhile. Look at it again."))
        return _to(request, "review", vendor)
    if active is not None:
        messages.success(request, _("It is yours."))
    return _to(request, "partner", vendor)


def _in_force(item: Item, vendor: str) -> Offered | None:
    """The plan that a change would take the place of: the one bought, or what everybody is on."""
    active = purchasing.active_purchase(vendor)
    key = active.plan if active else STANDARD
    if item.listing.plan(key) is None:
        return None
    try:
        return offered_plan(item, key, standing().currencies)
    except Invalid:
        return None


def _share_left() -> Decimal:
    period, moment = standing().period_at(clock.now()), clock.now()
    return Decimal((period.end - moment) / (period.end - period.start)).quantize(Decimal("0.0001"))


# ------------------------------------------------------------------ the payment page


@require_POST
@requires(Right.MANAGE_BILLING)
@recent_sign_in
def pay(request: HttpRequest, vendor: str) -> HttpResponse:
    """Open the payment page, or a new one after it ran out."""
    purchase = _under_way_or_404(vendor)
    if not purchase.agreed:
        return _to(request, "review", vendor)
    _pay(request, purchase)
    return _onward(request, vendor)


@require_GET
@requires(Right.MANAGE_BILLING)
def checkout(request: HttpRequest, vendor: str) -> HttpResponse:
    """Our own page before theirs: a plain link, once there is one. It serves every tab and colleague, so that one page is
    paid once."""
    item = _sold_or_404(vendor)
    purchase = purchasing.purchase_under_way(vendor)
    if purchase is None or purchase.status != PurchaseStatus.PAYING:
        return _to(request, "partner", vendor)
    call = purchasing.page_of(purchase)
    is_refused = call is None or call.state == PaymentCall.State.REFUSED
    url = url_of(call) if call and not is_refused else ""
    context = {
        **_context(request, item, _("Payment")),
        "url": url,
        "waits": not url and not is_refused,
        "is_sandbox": bool(settings.STRIPE_API_BASE),
    }
    answer = render(request, "vendors/checkout.html", context)
    if context["waits"]:
        answer["Refresh"] = "2"
    return answer


@require_GET
@requires(Right.MANAGE_BILLING)
def paid(request: HttpRequest, vendor: str) -> HttpResponse:
    """Whoever comes back from the payment page reads how it stands. Coming back proves nothing: the page is looked at."""
    item = _sold_or_404(vendor)
    under_way, active = purchases_of(vendor)
    if under_way is None:
        if active is not None:
            messages.success(request, _("Paid. It is yours."))
        return _to(request, "partner", vendor)
    waits = under_way.status == PurchaseStatus.PAYING
    if waits:
        _look_at(under_way)
    answer = render(request, "vendors/paid.html", {**_context(request, item, _("Payment")), "waits": waits})
    if waits:
        answer["Refresh"] = "2"
    return answer


def _look_at(purchase: Purchase) -> None:
    """Have the payment page looked at, unless that was just done."""
    call = purchasing.page_of(purchase)
    if call is None or not call.answer_id:
        return
    fact = PaymentFact.objects.filter(stripe_id=call.answer_id).first()
    if fact is None or fact.seen_at < clock.now() - LOOKED:
        enqueue(
            LOOK_AGAIN, tenant_id=purchase.tenant_id, kind=FactKind.CHECKOUT.value, stripe_id=call.answer_id
        )


@require_POST
@requires(Right.MANAGE_BILLING)
def give_up(request: HttpRequest, vendor: str) -> HttpResponse:
    found = purchasing.purchase_under_way(vendor)
    if found is not None:
        had_page = purchasing.page_of(found) is not None
        purchasing.abandon_purchase(found.id, actor=actor_of(request))
        messages.success(
            request,
            _(
                "Given up. Its payment page is being closed. Had you just paid on it, what you paid for is yours."
            )
            if had_page
            else _("Given up. Nothing was charged."),
        )
    return _to(request, "partner", vendor)


# ------------------------------------------------------------------ own contracts


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
def request_contract(request: HttpRequest, vendor: str) -> HttpResponse:
    """A mail to send, and a page to come back to."""
    item = shown.item_or_404(vendor)
    if not is_requested(item):
        raise Http404
    form = AgreeForm(request.POST if request.method == "POST" else None, terms=item.listing.terms)
    under_way, active = purchases_of(vendor)
    if request.method == "POST" and form.is_valid():
        try:
            purchasing.request_contract(vendor, agreed=form.agreed_to(), actor=actor_of(request))
        except Invalid as refused:
            form.add_error(refused.field or None, refused.sentence)
        else:
            messages.success(request, _("Noted. Come back to this page with what the partner sends you."))
            return _to(request, "partner", vendor)
    context = {
        **_context(request, item, _("Contract")),
        # Whoever asked reads the mail again, and has nothing to press.
        "form": None if under_way or active else form,
        "asked_at": under_way.agreed_at if under_way else None,
        "alone": shown.registers_alone(vendor),
        "mail": _mail(request, item),
        "request_to": item.listing.request_to,
    }
    return render(request, "vendors/request.html", context)


def _mail(request: HttpRequest, item: Item) -> str:
    """To the partner; for what nobody sells, to the authority that registers those who ask wallets."""
    organisation, alone = seat_of(request).tenant, shown.registers_alone(item.slug)
    back = shown.return_to_register(organisation.slug, item.slug)
    parts = [
        REGISTERING if alone else ASKING,
        *([RETURNING] if back else []),
        *([] if alone else [QUESTIONS]),
    ]
    return "\n\n".join(_(part) for part in parts) % {
        "partner": _(item.listing.name),
        "organisation": organisation.name,
        "host": tenant_host(organisation.slug),
        "return_url": back,
    }


# ------------------------------------------------------------------ the end of it


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_BILLING)
@recent_sign_in
def cancel(request: HttpRequest, vendor: str) -> HttpResponse:
    """The effect on money first; it ends with the period and can be resumed until then."""
    item = shown.item_or_404(vendor)
    active = purchasing.active_purchase(vendor)
    if active is None:
        raise Http404
    if request.method == "POST":
        purchasing.cancel_purchase(active.id, actor=actor_of(request))
        messages.success(request, _("Cancelled for the end of the period. You can resume it until then."))
        return _to(request, "partner", vendor)
    plan = item.listing.plan(active.plan)
    context = {
        **_context(request, item, _("Cancel")),
        "plan": _(plan.title) if plan else "",
        "ends_at": standing().period_at(clock.now()).end,
        "is_prepaid": bool(plan and plan.kind in ("bundle", "subscription")),
        "stays": item.listing.meter != "decision",
        "is_own": not active.plan,
        "prices_after": _prices_of_everybody(item) if active.plan != STANDARD else [],
    }
    return render(request, "vendors/cancel.html", context)


def _prices_of_everybody(item: Item) -> list[str]:
    """What holds without a plan of one's own, in words; empty where nothing does."""
    if item.listing.plan(STANDARD) is None:
        return []
    try:
        return sentences_of(offered_plan(item, STANDARD, standing().currencies))
    except Invalid:
        return []


@require_POST
@requires(Right.MANAGE_BILLING)
def resume(request: HttpRequest, vendor: str) -> HttpResponse:
    active = purchasing.active_purchase(vendor)
    if active is None:
        raise Http404
    purchasing.resume_purchase(active.id, actor=actor_of(request))
    messages.success(request, _("Resumed. It goes on after the period."))
    return _to(request, "partner", vendor)
