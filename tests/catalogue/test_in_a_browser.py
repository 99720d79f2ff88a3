"""Buying Face Checks in Chromium: from the catalogue to the payment page of the Stripe sandbox and back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.catalogue.shop import GOOD, Shop
from tests.recovery.console.serving import serve_site
from tests.sandboxes.visitor import CARD

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, shop) -> Iterator[Page]:
    server = serve_site()
    origin = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": shop.client.cookies[name].value, "url": origin}])
    made = context.new_page()
    made.origin = origin
    made.goto(f"{origin}{shop.address()}")
    yield made
    context.close()
    server.shutdown()
    server.server_close()


def test_a_bundle_is_bought_on_a_phone_and_counts_from_then_on(page: Page, shop: Shop) -> None:
    page.get_by_role("link", name="Choose a plan").click()
    page.get_by_text("500 checks in advance").first.click()
    page.get_by_role("button", name="Go on to review").click()
    expect(page.get_by_text("110.00 EUR, before tax")).to_be_visible()
    page.get_by_role("button", name="Agree and go on to payment").click()
    expect(page.get_by_text("Agree to each of the terms").first).to_be_visible()
    page.get_by_text("People agree to the processing").first.click()
    page.get_by_role("button", name="Agree and go on to payment").click()
    expect(page.get_by_text("Stripe is being asked")).to_be_visible()
    shop.work()
    link = page.get_by_role("link", name="Continue to Stripe")
    link.wait_for()
    link.click()
    for field in ("expiry", "cvc", "name"):
        page.fill(f"[name={field}]", CARD[field])
    page.select_option("[name=country]", "DE")
    page.fill("[name=number]", GOOD)
    page.click("form button.button-primary")
    back = page.get_by_role("link", name="Continue")
    back.wait_for()
    # The site's own name belongs to nobody in a test: the same path, at the test's port.
    path = urlsplit(back.get_attribute("href") or "").path
    assert path == shop.address("buy/paid")
    page.goto(f"{page.origin}{path}")
    expect(page.get_by_text("The payment is being looked at")).to_be_visible()
    assert not shop.is_entitled()
    shop.work()
    expect(page.get_by_text("Paid. It is yours.")).to_be_visible(timeout=10_000)
    expect(page.locator("#purchase")).to_contain_text("500 checks in advance")
    assert shop.is_entitled() and shop.in_the_ledger() == sum(shop.paid_at_stripe()) == 11000
