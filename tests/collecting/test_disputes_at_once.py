"""A dispute from the console to Stripe, by many at once and cut off at every commit: the books hold, nothing is there twice."""

from __future__ import annotations

import random
import sys
from decimal import Decimal

from django.db import connection
from django.db.transaction import Atomic

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.billing.test_books import CENT, balances, unbalanced
from tests.billing.world import run
from tests.collecting.test_credit_notes import invoiced
from tests.collecting.test_reconcile import agrees
from tests.collecting.test_refunds import each_alone
from tests.collecting.world import LATER, deliver
from vendors.billing.collecting import reconciling
from vendors.billing.collecting.models import Operation, PaymentCall
from vendors.billing.collecting.reading import read_events
from vendors.billing.collecting.sending import send_next
from vendors.billing.models import Dispute, Entry, Invoice, InvoiceLine, UsageEntry
from vendors.billing.services import dispute_entry, settle_dispute

MAY = "2026-04"
QUANTITIES = (10, 20, 30)
PRICE = 35


def books_hold(stage) -> None:
    """ledger = invoices + unbilled + free, and what Stripe took and credited is what the ledger's documents say."""
    with tenant_scope(stage.tenant.id):
        assert unbalanced() == []
        found = balances()
        total = sum(Invoice.objects.values_list("total_minor", flat=True)) * CENT
        taxes = sum(Entry.objects.filter(kind="tax").values_list("amount", flat=True), Decimal(0))
        assert -found["revenue"] == total + found["unbilled"]
        assert found["receivable"] == total + taxes
        ours = UsageEntry.objects.filter(billable=True)
        on_documents = sum(InvoiceLine.objects.filter(kind="usage").values_list("quantity", flat=True))
        assert sum(ours.values_list("quantity", flat=True)) == on_documents
        assert found["unbilled"] == 0
        named = {
            kind: sum(Invoice.objects.filter(kind=kind).values_list("total_minor", flat=True))
            for kind in Invoice.Kind.values
        }
    bills = stage.account.v1.invoices.list({"limit": 100}).data
    notes = stage.account.v1.credit_notes.list({"limit": 100}).data
    assert sum(bill.total_excluding_tax for bill in bills) == named["invoice"]
    assert -sum(note.total_excluding_tax for note in notes) == named["credit_note"]
    assert named["credit_note"] == -PRICE * sum(QUANTITIES)
    agrees(stage)


def disputed(stage) -> list[UsageEntry]:
    with tenant_scope(stage.tenant.id):
        return list(UsageEntry.objects.filter(quantity__in=QUANTITIES, kind="usage").order_by("id"))


def each_was_settled_once(stage) -> None:
    with tenant_scope(stage.tenant.id):
        states = Dispute.objects.values_list("state", flat=True)
        assert list(states) == ["accepted"] * len(QUANTITIES)
        events = AuditEvent.objects.filter(name__in=("usage:dispute:open", "usage:dispute:settle"))
        assert events.count() == 2 * len(QUANTITIES)
        assert UsageEntry.objects.filter(kind="reversal").count() == len(QUANTITIES)


def test_a_hundred_at_once_dispute_answer_deliver_and_compare(stage, tmp_path) -> None:
    """Two browsers at each charge, the operator's command, webhooks told twice, workers, closings and comparisons."""
    invoiced(stage, tmp_path, paid=True, more=QUANTITIES)
    charges, told = disputed(stage), stage.told()

    def dispute(entry, words):
        with tenant_scope(stage.tenant.id):
            return dispute_entry(entry, reason=words, actor=SYSTEM)

    def settle(entry):
        given = ("--entry", entry.public_id, "--accept", "--answer", "You are right.")
        return run("settle_dispute", "--tenant", stage.tenant.slug, *given)

    jobs = [lambda e=entry, w=words: dispute(e, w) for entry in charges for words in ("One", "Two") * 4]
    jobs += [lambda e=entry: settle(e) for entry in charges for _again in range(8)]
    jobs += [lambda item=item: deliver(item) for item in told for _twice in range(2)]
    jobs += [read_events] * 6 + [stage.work] * 6 + [lambda: close_once(stage, LATER)] * 3
    jobs += [lambda: run("reconcile", "--tenant", stage.tenant.slug, "--json")] * 6
    random.Random(3).shuffle(jobs)
    assert len(jobs) >= 90
    found = each_alone(jobs, 20)
    assert [each for each in found if isinstance(each, Exception)] == []
    for entry in charges:
        assert settle(entry)[0] == 0
    finish(stage)
    each_was_settled_once(stage)
    books_hold(stage)


def close_once(stage, label) -> None:
    """Whoever comes second reads that it is closed."""
    try:
        stage.close(label)
    except Invalid as refused:
        assert refused.code == "period_closed"


def finish(stage) -> None:
    for label in (LATER, MAY):
        close_once(stage, label)
    stage.deliver_all()
    stage.read()
    stage.later()
    run("reconcile", "--tenant", stage.tenant.slug, "--json")


class Killed(BaseException):
    """What nothing in the product catches, like a process that is gone."""


class Mortal:
    """Dies once at every place of ours that commits, before the commit or after it."""

    def __init__(self, monkeypatch, *, before: bool) -> None:
        self.places, self.before, self.real = set(), before, Atomic.__exit__
        monkeypatch.setattr(Atomic, "__exit__", lambda atomic, *error: self.leave(atomic, error))

    def leave(self, atomic, error) -> None:
        commits = error[0] is None and connection.in_atomic_block and not connection.savepoint_ids
        place = self.place()
        dies = commits and place not in self.places
        if dies:
            self.places.add(place)
        if dies and self.before:
            self.real(atomic, Killed, Killed(), None)
            raise Killed
        self.real(atomic, *error)
        if dies:
            raise Killed

    def place(self):
        """Where of the product this is."""
        frame, names = sys._getframe(2), []
        while frame is not None:
            path = frame.f_code.co_filename
            if "/vendors/" in path or path.endswith("outbox.py"):
                names.append((path, frame.f_lineno))
            frame = frame.f_back
        return tuple(names)


def until_it_lives(step) -> int:
    """Do it again until nothing dies over it; how often something did."""
    died = 0
    while True:
        try:
            step()
        except Killed:
            connection.close()
            died += 1
            continue
        return died


def cut_off(stage, tmp_path, monkeypatch, *, before) -> None:
    invoiced(stage, tmp_path, paid=True, more=QUANTITIES)
    charges = disputed(stage)

    def dispute():
        for entry in charges:
            with tenant_scope(stage.tenant.id):
                dispute_entry(entry, reason="Twice", actor=SYSTEM)

    def settle():
        for entry in charges:
            with tenant_scope(stage.tenant.id):
                settle_dispute(entry.id, accepted=True, answer="Yes.", actor=SYSTEM)

    steps = [
        dispute,
        settle,
        lambda: close_once(stage, LATER),
        stage.later,
        stage.deliver_all,
        stage.read,
        stage.later,
    ]
    steps += [lambda: run("reconcile", "--tenant", stage.tenant.slug, "--json")]
    with monkeypatch.context() as patch:
        mortal = Mortal(patch, before=before)
        died = sum(until_it_lives(step) for step in steps)
    assert died == len(mortal.places) >= 15, died
    finish(stage)
    each_was_settled_once(stage)
    books_hold(stage)


def test_whoever_dies_before_a_commit_leaves_nothing_half_done(stage, tmp_path, monkeypatch) -> None:
    cut_off(stage, tmp_path, monkeypatch, before=True)


def test_whoever_dies_after_a_commit_leaves_nothing_to_be_done_twice(stage, tmp_path, monkeypatch) -> None:
    cut_off(stage, tmp_path, monkeypatch, before=False)


def test_what_is_issued_while_stripe_is_read_is_not_asked_for_again(stage, tmp_path, monkeypatch) -> None:
    """The lists were read before the note was there: it is missing in them, and nowhere else."""
    invoiced(stage, tmp_path, paid=True, more=QUANTITIES)
    charges, read = disputed(stage), reconciling._payment_facts

    def notes() -> list[str]:
        with tenant_scope(stage.tenant.id):
            asked = PaymentCall.objects.filter(operation=Operation.CREATE_CREDIT_NOTE)
            return list(asked.values_list("chain", flat=True))

    def read_while_a_worker_issues(tenant_id):
        found = list(read(tenant_id))
        if not notes():
            for entry in charges:
                with tenant_scope(tenant_id):
                    dispute_entry(entry, reason="Twice", actor=SYSTEM)
                    settle_dispute(entry.id, accepted=True, answer="Yes.", actor=SYSTEM)
            stage.close(LATER)
            for chain in notes():
                written = send_next(tenant_id, chain)
                with tenant_scope(tenant_id):
                    written()
        return found

    monkeypatch.setattr(reconciling, "_payment_facts", read_while_a_worker_issues)
    run("reconcile", "--tenant", stage.tenant.slug, "--json")
    assert len(notes()) == 1
    assert len(stage.account.v1.credit_notes.list({"limit": 100}).data) == 1
