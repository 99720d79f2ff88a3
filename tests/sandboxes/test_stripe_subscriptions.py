"""Subscriptions through time: periods, trials, proration, dunning, ends. Time is a test clock's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.sandboxes.test_stripe_invoices import customer_with

DAY = 86400


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


START = at(2026, 1, 31, 12)


class Life:
    """A customer on a clock of its own, with a monthly price."""

    def __init__(
        self, client: stripe.StripeClient, *, card: str = "pm_card_visa", start: int = START
    ) -> None:
        self.client = client
        self.clock = client.v1.test_helpers.test_clocks.create({"frozen_time": start, "name": "life"})
        self.customer = customer_with(client, card, test_clock=self.clock.id)
        self.product = client.v1.products.create({"name": "Plan"})

    def price(self, amount: int, interval: str = "month", **given: Any) -> str:
        made = self.client.v1.prices.create(
            {
                "currency": "eur",
                "product": self.product.id,
                "unit_amount": amount,
                "recurring": {"interval": interval},  # type: ignore[typeddict-item]
                **given,
            }
        )
        return made.id

    def subscribe(self, price: str, quantity: int = 1, **given: Any) -> stripe.Subscription:
        return self.client.v1.subscriptions.create(
            {
                "customer": self.customer.id,
                "items": [{"price": price, "quantity": quantity}],
                "expand": ["latest_invoice"],
                **given,
            }
        )

    def advance(self, until: int) -> None:
        self.client.v1.test_helpers.test_clocks.advance(self.clock.id, {"frozen_time": until})
        assert self.client.v1.test_helpers.test_clocks.retrieve(self.clock.id).status == "ready"

    def invoices(self, subscription: stripe.Subscription) -> list[stripe.Invoice]:
        """Oldest first."""
        return self.client.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data[::-1]

    def again(self, subscription: stripe.Subscription) -> stripe.Subscription:
        return self.client.v1.subscriptions.retrieve(subscription.id)


def item_of(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    found: stripe.SubscriptionItem = subscription["items"].data[0]
    return found


def day(moment: int | None) -> str:
    return datetime.fromtimestamp(moment or 0, UTC).strftime("%Y-%m-%d")


def test_a_subscription_is_paid_at_once_and_renews_on_its_anchor(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(life.price(1000), 2)
    assert subscription.status == "active" and isinstance(subscription.latest_invoice, stripe.Invoice)
    assert (subscription.latest_invoice.status, subscription.latest_invoice.amount_paid) == ("paid", 2000)
    assert day(item_of(subscription).current_period_end) == "2026-02-28"
    assert item_of(subscription).price.unit_amount == 1000
    life.advance(at(2026, 5, 1))
    invoices = life.invoices(subscription)
    assert [invoice.billing_reason for invoice in invoices] == [
        "subscription_create",
        *["subscription_cycle"] * 3,
    ]
    # A 31st falls on the last day of a shorter month, and comes back.
    assert [day(invoice.lines.data[0].period.start) for invoice in invoices] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]
    assert {invoice.status for invoice in invoices} == {"paid"}


def test_a_renewal_is_a_draft_for_an_hour(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(life.price(1000))
    end = item_of(subscription).current_period_end
    life.advance(end + 60)
    draft = life.invoices(subscription)[-1]
    assert draft.status == "draft" and draft.automatically_finalizes_at == end + 3600
    client.v1.invoice_items.create(
        {"customer": life.customer.id, "invoice": draft.id, "amount": 77, "description": "Checks"}
    )
    life.advance(end + 3700)
    assert (life.invoices(subscription)[-1].status, life.invoices(subscription)[-1].amount_paid) == (
        "paid",
        1077,
    )


def test_amounts_that_wait_are_billed_with_the_next_period(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(life.price(1000))
    client.v1.invoice_items.create(
        {"customer": life.customer.id, "subscription": subscription.id, "amount": 250, "currency": "eur"}
    )
    preview = client.v1.invoices.create_preview({"subscription": subscription.id})
    assert preview.total == 1250
    life.advance(at(2026, 3, 1))
    assert life.invoices(subscription)[-1].total == 1250


def test_more_seats_in_the_middle_are_prorated_to_the_second(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    subscription = life.subscribe(life.price(1000))
    life.advance(at(2026, 4, 11))  # 20 of 30 days are left
    change: Any = {"items": [{"id": item_of(subscription).id, "quantity": 3}]}
    preview = client.v1.invoices.create_preview(
        {"subscription": subscription.id, "subscription_details": change}
    )
    # 3000 for May, -667 unused, +2000 remaining.
    assert sorted(line.amount for line in preview.lines.data) == [-667, 2000, 3000]
    assert life.again(subscription)["items"].data[0].quantity == 1
    client.v1.subscriptions.update(subscription.id, change)
    pending = client.v1.invoice_items.list({"customer": life.customer.id, "pending": True}).data
    assert sorted(item.amount for item in pending) == [-667, 2000] and all(item.proration for item in pending)
    life.advance(at(2026, 5, 2))
    assert life.invoices(subscription)[-1].total == preview.total == 4333


def test_a_change_may_be_billed_at_once_or_not_at_all(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    subscription = life.subscribe(life.price(1000))
    life.advance(at(2026, 4, 16))
    item = item_of(subscription).id
    client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item, "quantity": 2}], "proration_behavior": "always_invoice"}
    )
    latest = life.invoices(subscription)[-1]
    assert (latest.billing_reason, latest.total, latest.status) == ("subscription_update", 500, "paid")
    client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item, "quantity": 9}], "proration_behavior": "none"}
    )
    assert client.v1.invoice_items.list({"customer": life.customer.id, "pending": True}).data == []


def test_another_interval_begins_a_new_period_at_once(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    subscription = life.subscribe(life.price(1000))
    life.advance(at(2026, 4, 16))
    yearly = life.price(10000, "year")
    changed = client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item_of(subscription).id, "price": yearly}]}
    )
    assert day(item_of(changed).current_period_end) == "2027-04-16"
    latest = life.invoices(subscription)[-1]
    assert (latest.total, latest.status) == (9500, "paid")


def test_items_are_added_and_taken_away_by_their_own_addresses(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    subscription = life.subscribe(life.price(1000))
    life.advance(at(2026, 4, 16))
    other = life.price(300)
    added = client.v1.subscription_items.create(
        {"subscription": subscription.id, "price": other, "quantity": 2}
    )
    assert len(client.v1.subscription_items.list({"subscription": subscription.id}).data) == 2
    client.v1.subscription_items.update(added.id, {"quantity": 1})
    client.v1.subscription_items.delete(added.id)
    pending = client.v1.invoice_items.list({"customer": life.customer.id, "pending": True}).data
    assert sum(item.amount for item in pending) == 0 and len(pending) == 4
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscription_items.delete(item_of(subscription).id)


def test_a_trial_costs_nothing_until_it_ends(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(life.price(1000), trial_period_days=14)
    assert subscription.status == "trialing" and isinstance(subscription.latest_invoice, stripe.Invoice)
    assert (subscription.latest_invoice.total, subscription.latest_invoice.status) == (0, "paid")
    life.advance(START + 14 * DAY + 7200)
    assert life.again(subscription).status == "active"
    assert [invoice.total for invoice in life.invoices(subscription)] == [0, 1000]


def test_a_later_anchor_bills_the_share_up_to_it(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 16))
    subscription = life.subscribe(life.price(3000), billing_cycle_anchor=at(2026, 5, 1))
    assert isinstance(subscription.latest_invoice, stripe.Invoice)
    assert subscription.latest_invoice.total == 1500
    life.advance(at(2026, 5, 2))
    assert [invoice.total for invoice in life.invoices(subscription)] == [1500, 3000]


def test_a_first_payment_that_fails_leaves_it_incomplete_and_then_expired(
    client: stripe.StripeClient,
) -> None:
    life = Life(client, card="pm_card_chargeCustomerFail")
    subscription = life.subscribe(life.price(1000))
    assert subscription.status == "incomplete"
    with pytest.raises(stripe.CardError):
        life.subscribe(life.price(1000), payment_behavior="error_if_incomplete")
    assert len(client.v1.subscriptions.list({"customer": life.customer.id, "status": "all"}).data) == 1
    life.advance(START + DAY)
    assert life.again(subscription).status == "incomplete_expired"
    assert life.invoices(subscription)[0].status == "void"


def test_a_first_payment_may_be_confirmed_later(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(
        life.price(1000),
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    )
    assert subscription.status == "incomplete" and isinstance(subscription.latest_invoice, stripe.Invoice)
    assert subscription.latest_invoice.payments is not None
    intent = str(subscription.latest_invoice.payments.data[0].payment.payment_intent)
    client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_mastercard"})
    after = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["default_payment_method"]})
    assert after.status == "active" and isinstance(after.default_payment_method, stripe.PaymentMethod)
    assert after.default_payment_method.card is not None
    assert after.default_payment_method.card.brand == "mastercard"


def test_nobody_pays_and_after_the_last_try_it_ends(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    subscription = life.subscribe(life.price(1000))
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": life.customer.id})
    client.v1.customers.update(life.customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    life.advance(at(2026, 5, 1) + 7200)
    assert life.again(subscription).status == "past_due"
    invoice = life.invoices(subscription)[-1]
    assert (invoice.status, invoice.attempt_count) == ("open", 1) and invoice.next_payment_attempt is not None
    life.advance(at(2026, 5, 20))
    after = life.again(subscription)
    assert after.status == "canceled" and after.cancellation_details is not None
    assert after.cancellation_details.reason == "payment_failed"
    assert life.invoices(subscription)[-1].attempt_count == 4


def test_a_new_card_in_time_makes_it_active_again(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    subscription = life.subscribe(life.price(1000))
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": life.customer.id})
    client.v1.customers.update(life.customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    life.advance(at(2026, 5, 2))
    good = client.v1.payment_methods.attach("pm_card_visa", {"customer": life.customer.id})
    client.v1.customers.update(life.customer.id, {"invoice_settings": {"default_payment_method": good.id}})
    life.advance(at(2026, 5, 6))
    assert life.again(subscription).status == "active"


def test_it_ends_at_the_end_of_the_period_or_at_once(client: stripe.StripeClient) -> None:
    life = Life(client, start=at(2026, 4, 1))
    first, second = life.subscribe(life.price(1000)), life.subscribe(life.price(900))
    leaving = client.v1.subscriptions.update(first.id, {"cancel_at_period_end": True})
    assert leaving.cancel_at == at(2026, 5, 1) and leaving.status == "active"
    life.advance(at(2026, 4, 16))
    gone = client.v1.subscriptions.cancel(second.id, {"prorate": True, "invoice_now": True})
    assert gone.status == "canceled" and gone.ended_at == at(2026, 4, 16)
    assert life.invoices(second)[-1].total == -450
    assert client.v1.customers.retrieve(life.customer.id).balance == -450
    life.advance(at(2026, 5, 2))
    assert life.again(first).status == "canceled" and len(life.invoices(first)) == 1
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.cancel(second.id)


def test_an_invoice_by_mail_is_open_until_it_is_paid(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(life.price(1000), collection_method="send_invoice", days_until_due=30)
    assert subscription.status == "active"
    life.advance(START + 7200)
    invoice = life.invoices(subscription)[0]
    assert invoice.status == "open" and invoice.due_date == START + 3600 + 30 * DAY


def test_graduated_tiers_make_a_line_for_each_tier(client: stripe.StripeClient) -> None:
    life = Life(client)
    tiers: list[Any] = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount_decimal": "50.5"}]
    price = client.v1.prices.create(
        {
            "currency": "eur",
            "product": life.product.id,
            "recurring": {"interval": "month"},
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": tiers,
        }
    )
    subscription = life.subscribe(price.id, 13)
    assert isinstance(subscription.latest_invoice, stripe.Invoice)
    lines = subscription.latest_invoice.lines.data
    assert [(line.quantity, line.amount) for line in lines] == [(10, 1000), (3, 152)]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"items": [{"price": "price_none"}]}, "items[0][price]"),
        ({"items": []}, "items"),
        ({"trial_end": 1}, "trial_end"),
        ({"plan": "x"}, "plan"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ({"payment_behavior": "whatever"}, "payment_behavior"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(
    client: stripe.StripeClient, given: dict[str, Any], param: str
) -> None:
    life = Life(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        life.subscribe(life.price(1000), **given)
    assert refused.value.param == param


def test_nothing_to_charge_is_said_before_anything_is_made(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    product = client.v1.products.create({"name": "Plan"})
    price = client.v1.prices.create(
        {"currency": "eur", "product": product.id, "unit_amount": 1, "recurring": {"interval": "month"}}
    )
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    assert client.v1.invoices.list().data == []


def test_a_clock_only_goes_forward_and_takes_its_customers_with_it(client: stripe.StripeClient) -> None:
    life = Life(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        life.client.v1.test_helpers.test_clocks.advance(life.clock.id, {"frozen_time": START})
    assert refused.value.code == "test_clock_invalid_advance"
    client.v1.test_helpers.test_clocks.delete(life.clock.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve(life.customer.id)


def test_deleting_a_customer_ends_its_subscriptions(client: stripe.StripeClient) -> None:
    life = Life(client)
    subscription = life.subscribe(life.price(1000))
    client.v1.customers.delete(life.customer.id)
    assert life.again(subscription).status == "canceled"
