"""Buying: a plan is chosen, agreed to and paid, and then what was paid holds.

Protects a tenant from paying for what it does not get, and us from giving what nobody paid: a purchase becomes active in the
transaction that writes its payment into the ledger, under the name of the payment page, so that a page that was paid counts
once, whoever tells of it first. What it does not do: believe a browser that came back or an event; both only have the page
looked at (`vendors.billing.collecting`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid, NotHere
from portal.kit.ids import parse_public_id, uuid7
from portal.kit.money import Money
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.book import standing
from vendors.billing.collecting.asking import ask_for_checkout, ask_to_close_checkout, collects
from vendors.billing.collecting.models import FactKind, Operation, PaymentCall, PaymentFact
from vendors.billing.collecting.selectors import paying_parties
from vendors.billing.services import grant_credit, put_on_plan
from vendors.billing.subscriptions import closed_until
from vendors.catalogue.amounts import Offered, offered_plan
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import ACTIVE, BUYING, MOVES, PROGRESS, PurchaseStatus
from vendors.catalogue.shelf import Item, find_item

S = PurchaseStatus
# A payment page lives for a day at Stripe; a fresh one is asked for a little earlier.
PAGE_LIVES = timedelta(hours=23)


def _item(slug: str) -> Item:
    item = find_item(slug)
    if item is None:
        raise NotHere("listing_unknown")
    return item


def _in(slug: str, statuses: Collection[PurchaseStatus]) -> Purchase | None:
    return Purchase.objects.select_for_update().filter(slug=slug, status__in=statuses).first()


def purchase_under_way(slug: str) -> Purchase | None:
    return Purchase.objects.filter(slug=slug, status__in=BUYING).first()


def active_purchase(slug: str) -> Purchase | None:
    return Purchase.objects.filter(slug=slug, status__in=ACTIVE).first()


def is_entitled(slug: str) -> bool:
    """Whether the tenant has what is sold under this name."""
    return Purchase.objects.filter(slug=slug, status__in=ACTIVE).exists()


def get_purchase(purchase_id: UUID) -> Purchase:
    """Locked. NotHere when there is none."""
    found = Purchase.objects.select_for_update().filter(id=purchase_id).first()
    if found is None:
        raise NotHere("purchase_unknown")
    return found


def _move(purchase: Purchase, to: PurchaseStatus, actor: Actor, *fields: str) -> None:
    """`purchase` is locked. Quiet when it is there already; IllegalMove for one that the table does not have."""
    before = PurchaseStatus(purchase.status)
    if MOVES.check(before, to):
        purchase.status = to
        record_event(
            EventName.PURCHASE_MOVED,
            actor=actor,
            subject=purchase.public_id,
            data={
                "partner": purchase.slug,
                "plan": purchase.plan,
                "from": before.value,
                "to": to.value,
            },
        )
    purchase.save(update_fields=["status", *fields])


# ------------------------------------------------------------------ plan and review


def begin_purchase(slug: str, plan: str, *, actor: Actor) -> Purchase:
    """Choose a plan, or another one before it is paid. Invalid while a payment page is open, and for the plan in force."""
    item = _item(slug)
    offered = offered_plan(item, plan, standing().currencies)
    active = _in(slug, ACTIVE)
    if active is not None and active.plan == plan and active.ends_at is None:
        raise Invalid("plan_in_force", _("You are on this plan already."), field="plan")
    under_way = _in(slug, BUYING)
    if under_way is None:
        return _create(slug, plan, offered.currency, actor)
    if under_way.status == S.PAYING and under_way.plan != plan:
        raise Invalid(
            "payment_under_way",
            _("A payment page for another plan is open. Finish it, or give that purchase up first."),
            field="plan",
        )
    if under_way.status == S.PAYING or (under_way.plan == plan and under_way.status == S.REVIEWED):
        return under_way
    under_way.plan, under_way.currency, under_way.agreed = plan, offered.currency, {}
    _move(under_way, S.PLANNED, actor, "plan", "currency", "agreed")
    return under_way


def _create(slug: str, plan: str, currency: str, actor: Actor) -> Purchase:
    made = Purchase(slug=slug, plan=plan, currency=currency)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:  # a colleague was faster
        known = _in(slug, BUYING)
        if known is None:
            raise
        return known
    record_event(
        EventName.PURCHASE_BEGUN, actor=actor, subject=made.public_id, data={"partner": slug, "plan": plan}
    )
    return made


def review_purchase(purchase_id: UUID, *, agreed: Collection[str], seen_minor: int, actor: Actor) -> Purchase:
    """Agree to price and terms as they were shown. Invalid when a term is missing or the price is another one by now. Quiet
    when another tab was faster: its payment page is open, or it is paid."""
    purchase = get_purchase(purchase_id)
    if purchase.status == S.PAYING or purchase.status in ACTIVE:
        return purchase
    item = _item(purchase.slug)
    offered = offered_plan(item, purchase.plan, [purchase.currency])
    missing = [term.key for term in item.listing.terms if term.must_agree and term.key not in agreed]
    if missing:
        raise Invalid(
            "terms_missing", _("Agree to each of the terms, or choose another partner."), field="agreed"
        )
    if seen_minor != offered.due.minor:
        raise Invalid(
            "price_changed", _("The price has changed since this page was opened. Look at it again.")
        )
    purchase.agreed = {
        "due_minor": offered.due.minor,
        "price": offered.version,
        "terms": sorted(term.key for term in item.listing.terms if term.must_agree),
    }
    purchase.agreed_at = clock.now()
    _move(purchase, S.REVIEWED, actor, "agreed", "agreed_at")
    return purchase


# ------------------------------------------------------------------ payment


def pay_purchase(purchase_id: UUID, *, return_url: str, cancel_url: str, actor: Actor) -> Purchase:
    """Open a payment page, or take up the one that is open. Where nothing is due and a payment method is known, or nobody
    collects, it is active at once."""
    purchase = get_purchase(purchase_id)
    if purchase.status in ACTIVE:
        return purchase
    if purchase.status == S.PAYING and _page_is_open(purchase):
        return purchase
    offered = offered_plan(_item(purchase.slug), purchase.plan, [purchase.currency])
    if (
        purchase.agreed.get("due_minor") != offered.due.minor
        or purchase.agreed.get("price") != offered.version
    ):
        purchase.agreed = {}
        _close_page(purchase)
        _move(purchase, S.PLANNED, actor, "agreed")
        return purchase
    if not offered.due.minor and (not collects() or paying_parties([purchase.currency])[0].last4):
        _activate(purchase, actor)
        return purchase
    if not collects():
        raise Invalid(
            "nobody_collects",
            _("Nobody collects payments in this installation yet, so nothing can be paid in advance."),
        )
    _close_page(purchase)
    _open_page(purchase, offered, return_url, cancel_url)
    _move(purchase, S.PAYING, actor, "checkout_id", "tries")
    return purchase


def _open_page(purchase: Purchase, offered: Offered, return_url: str, cancel_url: str) -> None:
    purchase.tries += 1
    purchase.checkout_id = uuid7()
    ask_for_checkout(
        subject=purchase.public_id,
        call_id=purchase.checkout_id,
        price=offered.due,
        words=offered.words,
        return_url=return_url,
        cancel_url=cancel_url,
        number=purchase.tries,
    )


def _close_page(purchase: Purchase) -> None:
    """The page that was opened last is not to be paid any more. One that was paid all the same is told and counts."""
    if (call := page_of(purchase)) is not None:
        ask_to_close_checkout(call)


def page_of(purchase: Purchase) -> PaymentCall | None:
    """The call that opened its payment page last."""
    if purchase.checkout_id is None:
        return None
    return PaymentCall.objects.filter(id=purchase.checkout_id).first()


def _page_is_open(purchase: Purchase) -> bool:
    call = page_of(purchase)
    if call is None or call.state == PaymentCall.State.REFUSED or call.created_at < clock.now() - PAGE_LIVES:
        return False
    fact = PaymentFact.objects.filter(stripe_id=call.answer_id).first() if call.answer_id else None
    return fact is None or fact.status != "expired"


def abandon_purchase(purchase_id: UUID, *, actor: Actor) -> Purchase:
    """Give it up before it is paid. Its payment page is closed; what was paid on it before that counts."""
    purchase = get_purchase(purchase_id)
    _close_page(purchase)
    _move(purchase, S.ABANDONED, actor)
    return purchase


def settle_checkout(stripe_id: str) -> Purchase | None:
    """A payment page is complete or ran out: what follows for its purchase, once. None for a page of nobody's purchase."""
    call = PaymentCall.objects.filter(answer_id=stripe_id, operation=Operation.BEGIN_CHECKOUT).first()
    fact = PaymentFact.objects.filter(stripe_id=stripe_id, kind=FactKind.CHECKOUT, gone_at=None).first()
    if call is None or fact is None:
        return None
    purchase = get_purchase(parse_public_id(Purchase.prefix, call.params["subject"]))
    if fact.status == "expired":
        if purchase.status == S.PAYING and purchase.checkout_id == call.id:
            _move(purchase, S.REVIEWED, SYSTEM)
        return purchase
    if not _is_paid(call, fact):
        return purchase
    if call.params["minor"]:
        _enter_payment(purchase, fact)
    if purchase.status in BUYING or (purchase.status == S.ABANDONED and not _is_superseded(purchase)):
        _activate(purchase, SYSTEM)
    return purchase


def _is_superseded(purchase: Purchase) -> bool:
    """Somebody chose anew after it was given up: what its page took stays as credit, and the newer choice as it is."""
    newer = Purchase.objects.filter(slug=purchase.slug, status__in=BUYING | ACTIVE)
    return newer.filter(created_at__gt=purchase.created_at).exists()


def _is_paid(call: PaymentCall, fact: PaymentFact) -> bool:
    """Complete, and with the money that was asked for: a page that took less never gives anything."""
    if fact.status != "complete":
        return False
    if not call.params["minor"]:
        return True
    return (
        fact.detail.get("payment") == "paid"
        and fact.detail.get("before_tax") == call.params["minor"]
        and fact.currency == call.currency
    )


def _enter_payment(purchase: Purchase, fact: PaymentFact) -> None:
    """What was paid in advance pays the next invoices. Two pages of one purchase that were both paid are two payments."""
    plan = _item(purchase.slug).listing.plan(purchase.plan)
    months = plan.months if plan else 0
    grant_credit(
        key=f"checkout:{fact.stripe_id}",
        credit=Money(int(fact.detail["before_tax"]), fact.currency),
        expires_at=_months_later(clock.now(), months) if months else None,
        actor=SYSTEM,
        is_paid=True,
    )


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.month - 1 + months, 12)
    return moment.replace(year=moment.year + year, month=month + 1, day=min(moment.day, 28))


def _activate(purchase: Purchase, actor: Actor) -> None:
    """Paid: its plan holds from now on, in place of the one before."""
    item, before = _item(purchase.slug), _in(purchase.slug, ACTIVE)
    progress = S.READY if item.listing.meter != "decision" else S.CONFIGURING
    if before is not None:
        progress = PurchaseStatus(before.status) if before.status in PROGRESS else progress
        before.ended_at = clock.now()
        _move(before, S.REPLACED, actor, "ended_at")
    if purchase.status == S.PLANNED:  # paid on a page that was open before the plan was looked at again
        _move(purchase, S.REVIEWED, actor)
    purchase.paid_at = clock.now()
    _move(purchase, S.PAID, actor, "paid_at")
    put_on_plan(vendor=item.listing.vendor, plan=purchase.plan, at=clock.now(), actor=actor)
    _move(purchase, progress, actor)


# ------------------------------------------------------------------ own contracts


def request_contract(slug: str, *, agreed: Collection[str], actor: Actor) -> Purchase:
    """The tenant writes to the partner itself; this is the page to come back to."""
    item = _item(slug)
    if "own_contract" not in item.listing.kinds:
        raise Invalid("no_own_contract", _("This partner is not bought under a contract of your own."))
    if any(term.must_agree and term.key not in agreed for term in item.listing.terms):
        raise Invalid(
            "terms_missing", _("Agree to each of the terms, or choose another partner."), field="agreed"
        )
    known = _in(slug, BUYING | ACTIVE)
    purchase = known or _create(slug, "", "", actor)
    if purchase.status == S.PLANNED:
        purchase.agreed = {"terms": sorted(agreed)}
        purchase.agreed_at = clock.now()
        _move(purchase, S.REQUESTED, actor, "agreed", "agreed_at")
    return purchase


def note_progress(slug: str, reached: PurchaseStatus) -> None:
    """The connection moved: set up, being tested, ready. Quiet where nothing was bought."""
    purchase = _in(slug, ACTIVE | {S.REQUESTED})
    if purchase is None or reached not in PROGRESS:
        return
    if purchase.status == S.REQUESTED:
        purchase.paid_at = clock.now()
        _move(purchase, S.CONFIGURING, SYSTEM, "paid_at")
    _move(purchase, reached, SYSTEM)


# ------------------------------------------------------------------ the end of it


def cancel_purchase(purchase_id: UUID, *, actor: Actor) -> Purchase:
    """It ends with the running period, unless somebody resumes it. Quiet when that is said already."""
    purchase = get_purchase(purchase_id)
    if purchase.status not in ACTIVE:
        raise Invalid("nothing_to_cancel", _("There is nothing to cancel: this is not bought, or it ended."))
    if purchase.ends_at is None:
        purchase.ends_at = standing().period_at(clock.now()).end
        purchase.save(update_fields=["ends_at"])
        enqueue(
            "catalogue.end_purchase",
            tenant_id=current_tenant_id(),
            available_at=purchase.ends_at,
            purchase_id=purchase.id,
        )
        _record(EventName.PURCHASE_CANCELED, purchase, actor, until=purchase.ends_at.isoformat())
    return purchase


def resume_purchase(purchase_id: UUID, *, actor: Actor) -> Purchase:
    """Take the cancellation back. Invalid once it has ended."""
    purchase = get_purchase(purchase_id)
    if purchase.status not in ACTIVE:
        raise Invalid("nothing_to_resume", _("It has ended. Buy it again to go on."))
    if purchase.ends_at is not None:
        purchase.ends_at = None
        purchase.save(update_fields=["ends_at"])
        _record(EventName.PURCHASE_RESUMED, purchase, actor)
    return purchase


def end_purchase(purchase_id: UUID, *, actor: Actor = SYSTEM) -> Purchase | None:
    """Its period is over. None when it was resumed, cancelled for a later day, or is gone."""
    purchase = get_purchase(purchase_id)
    if purchase.status not in ACTIVE or purchase.ends_at is None or purchase.ends_at > clock.now():
        return None
    purchase.ended_at = purchase.ends_at
    _move(purchase, S.ENDED, actor, "ended_at")
    if purchase.plan:
        # Whoever comes to this late leaves closed periods as they were invoiced.
        at = max(purchase.ends_at, closed_until() or purchase.ends_at)
        put_on_plan(vendor=_item(purchase.slug).listing.vendor, plan="", at=at, actor=actor)
    return purchase


def _record(name: EventName, purchase: Purchase, actor: Actor, **more: str) -> None:
    record_event(
        name,
        actor=actor,
        subject=purchase.public_id,
        data={"partner": purchase.slug, "plan": purchase.plan, **more},
    )
