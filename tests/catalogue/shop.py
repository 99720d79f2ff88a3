"""A tenant that buys, and what Stripe, the ledger and the catalogue each say of it afterwards."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import stripe
from django.db.models import Sum
from django.test import Client

from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tests.collecting.world import Stage
from tests.sandboxes.visitor import Visitor
from vendors.billing.models import Entry, EntryKind
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchasing import is_entitled

GOOD, DECLINED, HOLDER = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0027 6000 3184"


class Shop(Stage):
    """`client` is the browser of somebody who may buy."""

    def __init__(
        self, tenant: Tenant, account: stripe.StripeClient, client: Client, slug: str = "face_check"
    ) -> None:
        super().__init__(tenant, account)
        self.client, self.slug = client, slug

    def address(self, path: str = "") -> str:
        return f"/o/{self.tenant.slug}/partners/{self.slug}/{path}"

    def page(self, path: str = "") -> str:
        answer = self.client.get(self.address(path), follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    def choose(self, plan: str) -> Any:
        return self.client.post(self.address("buy"), {"plan": plan})

    def agree(self, **more: Any) -> Any:
        """Agree to what the page shows, as the page shows it; what follows is done too."""
        shown = self.page("buy/review")
        seen = re.search(r'name="seen_minor" value="(\d+)"', shown)
        assert seen is not None, shown
        terms = re.findall(r'name="agreed" value="(\w+)"', shown)
        answer = self.client.post(
            self.address("buy/review"), {"seen_minor": seen[1], "agreed": terms, **more}
        )
        self.work()
        return answer

    def buy(self, plan: str = "bundle-500") -> Shop:
        assert self.choose(plan).status_code == 302
        self.agree()
        return self

    def payment_page(self) -> str:
        """The address of the page at Stripe, as our own page links to it."""
        found = re.search(r'href="(http://stripe\.localhost[^"]+)"', self.page("buy/payment"))
        assert found is not None
        return found[1]

    def visit(self) -> Visitor:
        return Visitor().open(self.payment_page())

    def tell(self) -> None:
        """Every event of the account is delivered and read."""
        self.deliver_all()
        self.read()
        self.work()

    # ------------------------------------------------------------------ what is so

    def sessions(self) -> list[Any]:
        return list(self.account.v1.checkout.sessions.list({"limit": 100}).data)

    def paid_at_stripe(self) -> list[int]:
        return [found.amount_subtotal for found in self.sessions() if found.payment_status == "paid"]

    def in_the_ledger(self) -> int:
        with tenant_scope(self.tenant.id):
            rows = Entry.objects.filter(kind=EntryKind.CREDIT_GRANTED, debit="prepaid")
            return int((rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)) * 100)

    def is_entitled(self) -> bool:
        with tenant_scope(self.tenant.id):
            return is_entitled(self.slug)

    def purchases(self) -> list[Purchase]:
        with tenant_scope(self.tenant.id):
            return list(Purchase.objects.filter(slug=self.slug).order_by("created_at"))

    @property
    def purchase(self) -> Purchase:
        return self.purchases()[-1]
