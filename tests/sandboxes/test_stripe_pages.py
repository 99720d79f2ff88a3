"""The hosted pages: Checkout, the holder's confirmation, the billing portal, the invoice."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandboxes.served import Sandbox
from tests.sandboxes.test_stripe_invoices import customer_with, invoice_of
from tests.sandboxes.visitor import Visitor

GOOD, DECLINED, HOLDER = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0027 6000 3184"
SUCCESS = "http://localhost:8000/back?session={CHECKOUT_SESSION_ID}"
SIGN = "Sandbox: no money moves."


def session_for(
    client: stripe.StripeClient, mode: str = "subscription", **given: Any
) -> stripe.checkout.Session:
    if mode != "setup" and "line_items" not in given:
        recurring: Any = {"recurring": {"interval": "month"}} if mode == "subscription" else {}
        product = client.v1.products.create({"name": "Readmit plan"})
        price = client.v1.prices.create(
            {"currency": "eur", "product": product.id, "unit_amount": 4900, **recurring}
        )
        given["line_items"] = [{"price": price.id, "quantity": 2}]
    return client.v1.checkout.sessions.create(
        {"mode": mode, "success_url": SUCCESS, "cancel_url": "http://localhost:8000/cancel", **given}  # type: ignore[typeddict-item]
    )


def open_page(url: str | None) -> Visitor:
    assert url is not None
    return Visitor().open(url)


def test_a_person_subscribes_and_comes_back(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "a@example.org"})
    session = session_for(
        client,
        customer=customer.id,
        client_reference_id="t1",
        subscription_data={"metadata": {"tenant": "t1"}},
        metadata={"plan": "team"},
    )
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 9800)
    page = open_page(session.url)
    assert page.status == 200 and SIGN in page.body and "€98.00" in page.body and "every month" in page.body
    assert page.link("Back without paying") == "http://localhost:8000/cancel"
    page.pay(GOOD)
    assert page.link("Continue") == f"http://localhost:8000/back?session={session.id}"
    done = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription", "line_items", "invoice"]}
    )
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert isinstance(done.subscription, stripe.Subscription) and done.subscription.status == "active"
    assert done.subscription.metadata.to_dict() == {"tenant": "t1"} and done.client_reference_id == "t1"
    assert isinstance(done.invoice, stripe.Invoice) and done.invoice.amount_paid == 9800
    assert done.line_items is not None and done.line_items.data[0].quantity == 2
    assert done.subscription.default_payment_method is not None
    again = open_page(session.url)
    assert "Done" in again.body


def test_somebody_new_becomes_a_customer(client: stripe.StripeClient) -> None:
    session = session_for(client)
    page = open_page(session.url).pay(GOOD, email="new@example.org")
    assert "Done" in page.body
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert isinstance(done.customer, stripe.Customer) and done.customer.email == "new@example.org"
    assert done.customer_details is not None and done.customer_details.name == "Ada Lovelace"


def test_a_refused_card_can_be_changed_and_leaves_nothing_behind(client: stripe.StripeClient) -> None:
    session = session_for(client)
    page = open_page(session.url).pay(DECLINED, email="a@example.org")
    assert page.status == 422 and "Your card was declined." in page.body and SIGN in page.body
    assert 'name="cvc" value=' not in page.body
    assert (
        client.v1.subscriptions.list({"status": "all"}).data == [] and client.v1.customers.list().data == []
    )
    page.pay("4242 4242 4242 4241", email="a@example.org")
    assert "Your card number is incorrect." in page.body
    page.pay(GOOD, email="a@example.org", expiry="soon")
    assert "such as 12 / 34" in page.body
    page.pay(GOOD, email="a@example.org", cvc="12")
    assert "security code is invalid" in page.body
    page.pay(GOOD, email="a@example.org")
    assert "Done" in page.body and len(client.v1.subscriptions.list().data) == 1


@pytest.mark.parametrize("mode", ["subscription", "payment", "setup"])
def test_a_bank_that_wants_its_holder_is_asked(client: stripe.StripeClient, mode: str) -> None:
    customer = client.v1.customers.create({"email": "a@example.org"})
    given: dict[str, Any] = {"currency": "eur"} if mode == "setup" else {}
    session = session_for(client, mode, customer=customer.id, **given)
    page = open_page(session.url).pay(HOLDER)
    assert "Is this you?" in page.body and SIGN in page.body
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    page.send(answer="complete")
    assert "Done" in page.body
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    if mode == "subscription":
        assert client.v1.subscriptions.list({"customer": customer.id}).data[0].status == "active"


@pytest.mark.parametrize("mode", ["subscription", "payment", "setup"])
def test_a_holder_who_does_not_confirm_may_try_again(client: stripe.StripeClient, mode: str) -> None:
    customer = client.v1.customers.create({"email": "a@example.org"})
    given: dict[str, Any] = {"currency": "eur"} if mode == "setup" else {}
    session = session_for(client, mode, customer=customer.id, **given)
    page = open_page(session.url).pay(HOLDER)
    page.send(answer="fail")
    assert "Not confirmed" in page.body
    page.open(page.link("Continue")).pay(GOOD)
    assert "Done" in page.body
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert done.status == "complete"
    if mode == "subscription":
        running = client.v1.subscriptions.list({"customer": customer.id}).data
        assert [one.id for one in running if one.status == "active"] == [done.subscription]


def test_a_trial_starts_without_a_charge(client: stripe.StripeClient) -> None:
    session = session_for(client, subscription_data={"trial_period_days": 14})
    assert session.amount_total == 0
    page = open_page(session.url).pay(GOOD, email="a@example.org")
    assert "Nothing is due today." in page.body
    assert client.v1.subscriptions.list({"status": "trialing"}).data and client.v1.charges.list().data == []


def test_a_card_is_saved_for_later(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "a@example.org"})
    session = session_for(client, "setup", customer=customer.id, currency="eur")
    open_page(session.url).pay(GOOD)
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert done.payment_status == "no_payment_required" and isinstance(done.setup_intent, stripe.SetupIntent)
    method = done.setup_intent.payment_method
    assert isinstance(method, stripe.PaymentMethod) and method.customer == customer.id


def test_a_session_that_is_over_takes_no_card(client: stripe.StripeClient) -> None:
    session = session_for(client)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert open_page(session.url).status == 410
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)


@pytest.mark.parametrize(
    ("mode", "given", "param"),
    [
        ("payment", {"line_items": []}, "line_items"),
        ("payment", {"subscription_data": {"description": "x"}}, "subscription_data"),
        ("subscription", {"customer": "cus_none"}, "customer"),
        ("setup", {"line_items": [{"price": "price_x", "quantity": 1}]}, "line_items"),
        ("subscription", {"success_url": "back"}, "success_url"),
        ("subscription", {"expires_at": 1}, "expires_at"),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(
    client: stripe.StripeClient, mode: str, given: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        session_for(client, mode, **given)
    assert refused.value.param == param


# The billing portal ----------------------------------------------------------------------------------------------


def portal(client: stripe.StripeClient, customer: str, **given: Any) -> stripe.billing_portal.Session:
    return client.v1.billing_portal.sessions.create(
        {"customer": customer, "return_url": "http://localhost:8000/o/acme/", **given}
    )


def test_the_portal_shows_and_changes_what_it_may(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    product = client.v1.products.create({"name": "Readmit plan"})
    price = client.v1.prices.create(
        {"currency": "eur", "product": product.id, "unit_amount": 4900, "recurring": {"interval": "month"}}
    )
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    session = portal(client, customer.id)
    page = open_page(session.url)
    assert (
        page.status == 200 and SIGN in page.body and "Readmit plan" in page.body and "•••• 4242" in page.body
    )
    assert page.link("Back to Readmit") == "http://localhost:8000/o/acme/"

    page.pay(DECLINED, action=session.url + "/card")
    assert page.status == 422 and "Your card was declined." in page.body
    page.pay("5555 5555 5555 4444", action=session.url + "/card")
    assert "•••• 4444" in page.body
    found = client.v1.customers.retrieve(customer.id, {"expand": ["invoice_settings.default_payment_method"]})
    method = found.invoice_settings.default_payment_method if found.invoice_settings else None
    assert (
        isinstance(method, stripe.PaymentMethod) and method.card is not None and method.card.last4 == "4444"
    )

    page.pay(HOLDER, action=session.url + "/card").send(answer="complete")
    assert "Confirmed" in page.body
    page.open(session.url)
    assert "•••• 3184" in page.body
    page.send(session.url + "/remove", method=method.id)
    assert "•••• 4444" not in page.body

    page.open(page.link("Cancel the subscription")).send()
    assert client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end is True
    page.open(page.link("Do not end it")).send(stay="1")
    assert client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end is False
    invoice = client.v1.invoices.list({"customer": customer.id}).data[0]
    assert page.link(str(invoice.number)) == invoice.hosted_invoice_url


def test_the_portal_does_only_what_its_configuration_says(client: stripe.StripeClient) -> None:
    customer = customer_with(client)
    made = client.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}, "default_return_url": "http://localhost:8000/x"}
    )
    session = client.v1.billing_portal.sessions.create({"customer": customer.id, "configuration": made.id})
    assert session.return_url == "http://localhost:8000/x"
    page = open_page(session.url)
    assert "Add a card" not in page.body and "Invoices" in page.body
    other = open_page(portal(client, customer.id).url)
    assert other.pay(GOOD, action=session.url + "/card").status == 404


def test_a_stranger_to_a_portal_link_reads_nothing(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    one, two = customer_with(client), customer_with(client, "pm_card_mastercard")
    page = open_page(portal(client, one.id).url)
    foreign = client.v1.customers.payment_methods.list(two.id).data[0].id
    page.send(page.url + "/remove", method=foreign)
    assert len(client.v1.customers.payment_methods.list(two.id).data) == 1
    assert sandbox.status("/p/session/guess") == 404 and sandbox.status("/c/pay/cs_test_guess") == 404
    assert sandbox.status("/authenticate/pi_guess_secret_guess") == 404


def test_a_form_without_its_token_is_refused(client: stripe.StripeClient) -> None:
    session = session_for(client)
    page = open_page(session.url)
    page.body = page.body.replace('value="', 'value="x', 1)
    page.cookies.clear()
    assert page.pay(GOOD).status == 403 and SIGN in page.body


# The hosted invoice ----------------------------------------------------------------------------------------------


def test_an_invoice_is_paid_on_its_page(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "a@example.org"})
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [12345]).id)
    page = open_page(invoice.hosted_invoice_url)
    assert "€123.45" in page.body and SIGN in page.body
    page.pay(DECLINED)
    assert page.status == 422 and "Your card was declined." in page.body
    page.pay(HOLDER).send(answer="complete")
    assert "Confirmed" in page.body
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert "Paid" in open_page(invoice.hosted_invoice_url).body


def test_every_page_says_that_no_money_moves(sandbox: Sandbox) -> None:
    for path in ("/", "/nothing-here", "/i/none", "/p/session/none"):
        assert SIGN in Visitor().open(sandbox.origin + path).body
