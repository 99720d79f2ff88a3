"""`reconcile` repairs what differs, says so, and finds nothing the second time."""

from __future__ import annotations

import json

from portal.kit.actors import SYSTEM
from portal.kit.errors import Unavailable
from portal.kit.scope import tenant_scope
from tests.billing.world import run
from tests.collecting.test_reading import busy
from tests.collecting.world import LATER
from vendors.billing.collecting import client
from vendors.billing.collecting.models import FactKind, PaymentCall, PaymentFact
from vendors.billing.collecting.selectors import Collected, stripe_state_of
from vendors.billing.models import UsageEntry
from vendors.billing.services import take_back


def compare(stage):
    code, out, _err = run("reconcile", "--tenant", stage.tenant.slug, "--json")
    return code, json.loads(out)["differences"]


def agrees(stage):
    assert compare(stage) == (0, [])


def say_why(stage, refund):
    """The refund of a busy period has no credit note."""
    given = ("--refund", refund, "--reason", "Goodwill")
    assert run("settle_refund", "--tenant", stage.tenant.slug, *given)[0] == 0


def state_of(stage, document):
    with tenant_scope(stage.tenant.id):
        return stripe_state_of(document).state


def test_what_no_webhook_told_is_repaired_and_then_nothing_differs(stage, tmp_path) -> None:
    invoice = busy(stage, tmp_path)
    code, found = compare(stage)
    assert code == 1
    assert {"kind", "object", "what", "ours", "theirs", "done"} == set(found[0])
    by_kind = {row["kind"] for row in found}
    assert {"invoice", "invoice_payment", "refund", "payment_method", "tax_id"} <= by_kind
    (left,) = [row for row in found if row["done"] != "mirrored"]
    assert (left["kind"], left["what"], left["done"]) == ("refund", "without credit note", "left to you")
    status = [row for row in found if row["object"] == invoice.id and row["what"] == "status"]
    assert (status[0]["ours"], status[0]["theirs"]) == ("open", "paid")
    say_why(stage, left["object"])
    agrees(stage)


def test_a_row_that_somebody_changed_is_set_right(stage, tmp_path) -> None:
    busy(stage, tmp_path)
    _code, found = compare(stage)
    say_why(stage, found[-1]["object"])
    with tenant_scope(stage.tenant.id):
        PaymentFact.objects.filter(kind=FactKind.INVOICE).update(status="void", amount_minor=1)
    _code, found = compare(stage)
    assert {row["what"]: (row["ours"], row["done"]) for row in found} == {
        "status": ("void", "mirrored"),
        "amount_minor": ("1", "mirrored"),
    }
    agrees(stage)


def test_a_document_that_was_never_sent_is_sent(stage, tmp_path, settings) -> None:
    key, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, ""
    (document,) = stage.close_a_period(tmp_path)
    assert state_of(stage, document) is Collected.NOT_SENT
    settings.STRIPE_SECRET_KEY = key
    code, found = compare(stage)
    assert code == 0
    assert [(row["kind"], row["theirs"], row["done"]) for row in found] == [
        ("ledger", "nothing", "asked anew")
    ]
    assert state_of(stage, document) is Collected.OPEN
    agrees(stage)
    assert len(stage.account.v1.invoices.list().data) == 1


def test_a_draft_that_was_deleted_at_stripe_is_begun_anew(stage, tmp_path, monkeypatch) -> None:
    (document,) = stage.close_a_period(tmp_path)
    real = client.ask

    def without_finalizing(operation, params, *, key):
        if operation == "finalize_invoice":
            raise Unavailable("no_answer")
        return real(operation, params, key=key)

    with monkeypatch.context() as patch:
        patch.setattr(client, "ask", without_finalizing)
        stage.work()
    (draft,) = stage.account.v1.invoices.list().data
    stage.account.v1.invoices.delete(draft.id)
    with tenant_scope(stage.tenant.id):
        PaymentCall.objects.filter(operation="finalize_invoice").update(sent=None)
    stage.work()
    _code, found = compare(stage)
    assert "asked anew" in {row["done"] for row in found}
    assert state_of(stage, document) is Collected.OPEN
    agrees(stage)


def test_a_credit_note_of_the_ledger_is_issued_against_its_invoice(stage, tmp_path) -> None:
    with_credit(stage, tmp_path, paid=False)
    (note,) = stage.account.v1.credit_notes.list().data
    (invoice,) = [
        found for found in stage.account.v1.invoices.list().data if found.pre_payment_credit_notes_amount
    ]
    assert note.total == 350 == invoice.pre_payment_credit_notes_amount
    document = next(found for found in stage.documents() if found.kind == "credit_note")
    assert (document.total_minor, state_of(stage, document)) == (-350, Collected.ISSUED)
    agrees(stage)


def test_what_was_paid_and_is_credited_stays_with_the_customer(stage, tmp_path) -> None:
    with_credit(stage, tmp_path, paid=True)
    (note,) = stage.account.v1.credit_notes.list().data
    assert (note.total, note.post_payment_amount) == (350, 350)
    assert stage.account.v1.customers.retrieve(stage.customer).balance == -350


def with_credit(stage, tmp_path, *, paid):
    """Ten of the checks of a closed period are taken back after it."""
    stage.close_a_period(tmp_path, more=[10])
    stage.work()
    if paid:
        stage.pay_by()
        (invoice,) = stage.account.v1.invoices.list().data
        stage.account.v1.invoices.pay(invoice.id)
    take_back_ten(stage, tmp_path)
    stage.close(LATER)
    stage.work()
    compare(stage)


def take_back_ten(stage, tmp_path):
    """The second event of the period, which was ten checks."""
    with tenant_scope(stage.tenant.id):
        take_back(UsageEntry.objects.get(quantity=10), actor=SYSTEM)


def test_a_silent_stripe_is_said_and_changes_nothing(stage, tmp_path, settings) -> None:
    stage.close_a_period(tmp_path)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    code, _out, err = run("reconcile", "--tenant", stage.tenant.slug)
    assert code == 2 and "could not be found out" in err


def test_an_unknown_organisation_is_said(account) -> None:
    assert run("reconcile", "--tenant", "nobody-here")[0] == 1
