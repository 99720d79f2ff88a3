"""Paying in Chromium: what only a browser enforces (origins of forms, the policy for scripts), and accessibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe

from tests.sandboxes.served import Sandbox
from tests.sandboxes.test_stripe_invoices import customer_with, invoice_of
from tests.sandboxes.test_stripe_pages import DECLINED, HOLDER, SIGN, portal, session_for
from tests.sandboxes.visitor import CARD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def check(page: Page) -> None:
    """The sign, and nothing that keeps anybody out."""
    assert SIGN in page.inner_text("body")
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def fill(page: Page, number: str) -> None:
    for name in ("expiry", "cvc", "name"):
        page.fill(f"[name={name}]", CARD[name])
    page.select_option("[name=country]", "DE")
    page.fill("[name=number]", number)
    page.click("form button.button-primary")


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_a_person_is_declined_confirms_and_comes_back(
    browser: Browser, client: stripe.StripeClient, scheme: str, width: int
) -> None:
    session = session_for(client)
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.goto(str(session.url))
        check(page)
        page.fill("[name=email]", "a@example.org")
        fill(page, DECLINED)
        page.get_by_text("Your card was declined.").first.wait_for()
        check(page)
        fill(page, HOLDER)
        page.get_by_role("button", name="Complete").wait_for()
        check(page)
        page.get_by_role("button", name="Complete").click()
        back = page.get_by_role("link", name="Continue")
        back.wait_for()
        check(page)
        assert back.get_attribute("href") == f"http://localhost:8000/back?session={session.id}"
        # The declined form is answered 422, which Chromium writes down; nothing else is.
        assert [told for told in complaints if "422" not in told] == []
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_the_other_pages_keep_nobody_out(
    browser: Browser, sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    customer = customer_with(client)
    invoice = client.v1.invoices.finalize_invoice(invoice_of(client, customer.id, [12345]).id)
    with browser.new_context(viewport={"width": 390, "height": 900}) as context:
        page = context.new_page()
        for url in (sandbox.origin + "/", portal(client, customer.id).url, str(invoice.hosted_invoice_url)):
            page.goto(url)
            check(page)
