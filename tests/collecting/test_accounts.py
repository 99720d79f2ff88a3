"""The account at Stripe says what the billing details say, is replaced when it was deleted, and lateness is told once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Member, User
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tests.billing.world import event, record_file
from tests.collecting.test_reading import busy
from tests.collecting.test_reconcile import agrees, compare, state_of
from tests.conftest import make_member
from vendors.billing.collecting.customers import tax_number_of
from vendors.billing.collecting.facts import read_fact
from vendors.billing.collecting.mirroring import apply_fact, draw_ticket
from vendors.billing.collecting.models import FactKind, Payer, PaymentEvent
from vendors.billing.collecting.reading import KEPT, prune_events
from vendors.billing.collecting.selectors import Collected, money_moves_of
from vendors.billing.details import Buyer, change_billing_details
from vendors.billing.document_models import BillingDetails

PRAGUE = Buyer("Acme s.r.o.", "Dlouhá 1\nPraha", "CZ", "CZ 12345678")


def enter(stage, **changes):
    values = {**{name: getattr(PRAGUE, name) for name in PRAGUE.__slots__}, **changes}
    with tenant_scope(stage.tenant.id):
        change_billing_details(Buyer(**values), actor=SYSTEM)
    stage.work()


def held(stage):
    customer = stage.account.v1.customers.retrieve(stage.customer)
    numbers = [found.value for found in stage.account.v1.customers.tax_ids.list(stage.customer).data]
    return customer, numbers


def test_changed_details_reach_stripe_and_the_number_before_goes(stage, tmp_path) -> None:
    stage.close_a_period(tmp_path)
    stage.work()
    enter(stage)
    customer, numbers = held(stage)
    assert (customer.name, customer.address.country, numbers) == ("Acme s.r.o.", "CZ", ["CZ12345678"])
    stage.account.v1.customers.tax_ids.create(stage.customer, {"type": "eu_vat", "value": "DE123456789"})
    enter(stage, legal_name="Acme a.s.", tax_id="CZ87654321")
    customer, numbers = held(stage)
    # What somebody entered at Stripe stays.
    assert customer.name == "Acme a.s." and sorted(numbers) == ["CZ87654321", "DE123456789"]
    enter(stage, tax_id="")
    assert held(stage)[1] == ["DE123456789"]


def test_details_that_were_there_before_the_account_are_its_own(stage, tmp_path) -> None:
    with tenant_scope(stage.tenant.id):
        change_billing_details(PRAGUE, actor=SYSTEM)
    stage.close_a_period(tmp_path)
    stage.work()
    customer, numbers = held(stage)
    assert (customer.name, numbers) == ("Acme s.r.o.", ["CZ12345678"])


def test_a_number_that_stripe_refuses_holds_no_later_change_up(stage, tmp_path) -> None:
    stage.close_a_period(tmp_path)
    stage.work()
    enter(stage, tax_id="CZ12345678", legal_name="First")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vendors.billing.collecting.customers.tax_number_of", lambda _row: ("eu_vat", "CZ1"))
        enter(stage, tax_id="CZ1", legal_name="Second")
    _code, found = compare(stage)
    assert [row["what"] for row in found if row["done"] == "left to you"] == ["set_tax_id"]
    enter(stage, tax_id="CZ11111119", legal_name="Third")
    customer, numbers = held(stage)
    assert (customer.name, numbers) == ("Third", ["CZ11111119"])


@pytest.mark.parametrize(
    ("country", "number", "kind"),
    [
        ("CZ", "CZ 1234 5678", "eu_vat"),
        ("GR", "EL123456789", "eu_vat"),
        ("GB", "GB123456789", "gb_vat"),
        ("CH", "CHE-123.456.789 MWST", "ch_vat"),
        ("US", "12-3456789", "us_ein"),
        ("CA", "123456789", "ca_bn"),
        ("BR", "123456789", None),
        ("CZ", "", None),
    ],
)
def test_a_number_is_told_in_the_kind_of_its_country(tenant, country, number, kind) -> None:
    with tenant_scope(tenant.id):
        found = tax_number_of(BillingDetails(country=country, tax_id=number))
    assert (found[0] if found else None) == kind


def test_mail_goes_to_somebody_who_manages_billing(stage, tmp_path) -> None:
    first = make_member(stage.tenant, Role.BILLING_MANAGER)
    stage.close_a_period(tmp_path)
    stage.work()
    with tenant_scope(stage.tenant.id):
        others = Member.objects.exclude(id=first.id).filter(role__in=(Role.OWNER, Role.BILLING_MANAGER))
        others.update(role=Role.AUDITOR)
    stage.account.v1.customers.update(stage.customer, {"email": "books@elsewhere.example"})
    compare(stage)
    assert held(stage)[0].email == "books@elsewhere.example"  # somebody chose it there
    with tenant_scope(stage.tenant.id):
        sent = stage.call(operation="create_customer").sent["email"]
        second = make_member(stage.tenant, Role.BILLING_MANAGER)
        Member.objects.filter(user__email=sent).update(role=Role.AUDITOR)
        wanted = User.objects.get(id=second.user_id).email
    stage.account.v1.customers.update(stage.customer, {"email": sent})
    compare(stage)
    compare(stage)
    assert held(stage)[0].email == wanted
    agrees(stage)


def test_an_account_that_was_deleted_is_opened_anew_once(stage, tmp_path) -> None:
    stage.close_a_period(tmp_path)
    stage.work()
    gone = stage.customer
    stage.account.v1.customers.delete(gone)
    code, found = compare(stage)
    assert code == 0
    assert ("customer", gone, "made anew") in [(row["kind"], row["object"], row["done"]) for row in found]
    assert stage.customer != gone
    agrees(stage)
    assert Payer.objects.filter(tenant_id=stage.tenant.id).count() == 2
    record_file(tmp_path, [event(stage.tenant, stage.vendor, "2026-03-10", 10)], "march.jsonl")
    (document,) = stage.close("2026-03")
    stage.work()
    assert state_of(stage, document) is Collected.OPEN
    assert {
        found.customer for found in stage.account.v1.invoices.list({"customer": stage.customer}).data
    } == {stage.customer}


def test_an_invoice_that_waited_when_its_account_was_deleted_is_issued_at_the_new_one(
    stage, tmp_path
) -> None:
    stage.close_a_period(tmp_path)
    stage.work()
    record_file(tmp_path, [event(stage.tenant, stage.vendor, "2026-03-10", 10)], "march.jsonl")
    (document,) = stage.close("2026-03")
    stage.account.v1.customers.delete(stage.customer)
    stage.work()  # refused: there is nobody to invoice
    assert state_of(stage, document) is Collected.HELD_UP
    assert compare(stage)[0] == 0
    assert state_of(stage, document) is Collected.OPEN
    agrees(stage)


def test_lateness_is_told_once_to_those_who_manage_billing(stage, tmp_path) -> None:
    make_member(stage.tenant, Role.BILLING_MANAGER)
    stage.close_a_period(tmp_path)
    stage.work()
    told = StaffMail.objects.filter(template="staff_invoice_past_due")
    before = told.count()
    (invoice,) = stage.account.v1.invoices.list().data
    with clock.frozen(clock.now() + timedelta(days=31)):
        for _night in range(3):
            doc = json.loads(str(stage.account.v1.invoices.retrieve(invoice.id)))
            with tenant_scope(stage.tenant.id):
                apply_fact(read_fact(doc), draw_ticket())
    with tenant_scope(stage.tenant.id):
        managers = len(Member.objects.filter(role__in=(Role.OWNER, Role.BILLING_MANAGER), removed_at=None))
    assert told.count() - before == managers > 0


def test_payments_and_refunds_stand_at_the_invoice_they_are_about(stage, tmp_path, staff_client) -> None:
    busy(stage, tmp_path)
    compare(stage)
    document = next(found for found in stage.documents() if found.kind == "invoice")
    with tenant_scope(stage.tenant.id):
        moves = money_moves_of(document)
    assert {move.kind for move in moves} >= {FactKind.PAYMENT, FactKind.REFUND}
    page = staff_client(Role.BILLING_MANAGER).get(
        f"/o/{stage.tenant.slug}/usage/invoices/{document.public_id}/"
    )
    body = page.content.decode()
    assert page.status_code == 200 and "Refund" in body and "Paid back" in body


def test_handled_events_are_let_go_and_others_stay() -> None:
    def row(word, outcome, days):
        return PaymentEvent.objects.create(
            source="stripe:prune",
            external_id=f"evt_{word}_{clock.now().timestamp()}",
            name="x",
            object_kind="invoice",
            is_live=False,
            body_sealed=b"",
            outcome=outcome,
            handled_at=clock.now() - timedelta(days=days),
        ).id

    gone = row("old", PaymentEvent.Outcome.APPLIED, KEPT.days + 1)
    kept = {row("new", PaymentEvent.Outcome.APPLIED, 1), row("aside", PaymentEvent.Outcome.ASIDE, 400)}
    assert prune_events() >= 1
    left = set(PaymentEvent.objects.filter(source="stripe:prune").values_list("id", flat=True))
    assert gone not in left and kept <= left
