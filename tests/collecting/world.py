"""What the tests of collecting share: a tenant with a closed period, its account at Stripe, and signed deliveries."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from http import HTTPStatus

from django.test import Client
from django.utils import timezone

from portal.kit import outbox
from portal.kit.scope import tenant_scope
from tenants.models import Outbox
from tests.billing.world import close, event, load, record_file, subscribe
from vendors.billing.collecting.models import Payer, PaymentCall, PaymentEvent, PaymentFact
from vendors.billing.collecting.reading import read_events
from vendors.billing.models import Invoice

SECRET = "whsec_tests"
PERIOD, LATER = "2026-02", "2026-03"


def work(tenant):
    """Do the outbox's work of one tenant, whatever follows from it included."""
    while True:
        horizon = timezone.now() + outbox.LEASE
        due = Outbox.objects.filter(tenant_id=tenant.id, failed_at=None, available_at__lte=horizon)
        rows = list(due.filter(topic__startswith="billing.").values_list("id", flat=True))
        done = [outbox.run(row) for row in rows]
        if not any(done):
            return


def signed(body: bytes, *, secret=SECRET, at=None) -> str:
    moment = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mac}"


def deliver(body, *, signature=None, client=None, content_type="application/json; charset=utf-8"):
    """One delivery at the door; the status."""
    told = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Stripe-Signature": signed(told) if signature is None else signature}
    client = client or Client(HTTP_HOST="localhost:8000")
    return client.post("/hooks/stripe", told, content_type=content_type, headers=headers).status_code


class Stage:
    def __init__(self, tenant, account) -> None:
        self.tenant, self.account = tenant, account
        self.vendor = ""

    def close_a_period(self, tmp_path, *, quantity=120, price="0.35", more=(), currencies=("EUR",)):
        """A period with checks at a price, closed; what it cost is asked for and not yet sent."""
        self.vendor = load(unit_price=price)
        subscribe(self.tenant, "2026-02-01", currencies=currencies)
        counted = [event(self.tenant, self.vendor, "2026-02-10", each) for each in (quantity, *more)]
        code, _results = record_file(tmp_path, counted)
        assert code == 0
        return self.close(PERIOD)

    def later(self):
        """When leases have run out and pauses are over."""
        Outbox.objects.filter(tenant_id=self.tenant.id).update(available_at=timezone.now())
        self.work()

    def close(self, label):
        """In years to come, as far as the ledger knows; its work is due now."""
        made = close(self.tenant, label)
        Outbox.objects.filter(tenant_id=self.tenant.id).update(available_at=timezone.now())
        return made

    def work(self):
        work(self.tenant)

    def call(self, **given):
        with tenant_scope(self.tenant.id):
            return PaymentCall.objects.get(**given)

    def calls(self, **given):
        with tenant_scope(self.tenant.id):
            return list(PaymentCall.objects.filter(**given).order_by("chain", "position"))

    def facts(self, **given):
        with tenant_scope(self.tenant.id):
            return list(PaymentFact.objects.filter(**given).order_by("stripe_id"))

    def documents(self):
        with tenant_scope(self.tenant.id):
            return list(Invoice.objects.order_by("id"))

    @property
    def customer(self) -> str:
        return Payer.objects.get(tenant_id=self.tenant.id, replaced_at=None).customer

    def pay_by(self, card="pm_card_visa"):
        method = self.account.v1.payment_methods.attach(card, {"customer": self.customer})
        self.account.v1.customers.update(
            self.customer, {"invoice_settings": {"default_payment_method": method.id}}
        )
        return method

    def told(self):
        """Every event of the account, as it would be delivered, oldest first."""
        found = self.account.v1.events.list({"limit": 100})
        return [json.loads(str(item)) for item in found.auto_paging_iter()][::-1]

    def deliver_all(self, events=None):
        for item in self.told() if events is None else events:
            assert deliver(item) == HTTPStatus.OK

    def read(self):
        PaymentEvent.objects.filter(handled_at=None).update(next_at=timezone.now())
        while read_events():
            self.work()


def new_event(**about):
    """A made-up event about an invoice."""
    kind = about.pop("kind", "invoice")
    return {
        "id": about.pop("event", f"evt_{secrets.token_hex(8)}"),
        "object": "event",
        "type": about.pop("name", f"{kind}.updated"),
        "livemode": about.pop("livemode", False),
        "created": int(time.time()),
        "data": {"object": {"object": kind, "id": f"in_{secrets.token_hex(8)}", **about}},
    }
