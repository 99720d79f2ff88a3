"""The books hold at every step: what was booked is on documents, still to be invoiced, or free. A machine that tries."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.ids import uuid7
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tests.billing.test_budgets import cap
from tests.billing.world import load, new_name, subscribe
from tests.conftest import make_tenant
from vendors.billing.book import standing
from vendors.billing.bookings import first_key
from vendors.billing.bounds import room_for_rounding
from vendors.billing.counting import Window, sums_of
from vendors.billing.drafting import closed_periods, draft_of
from vendors.billing.models import BudgetWindow, Entry, Invoice, InvoiceLine, UsageEntry
from vendors.billing.rating.billability import Outcome
from vendors.billing.services import (
    Usage,
    change_plan,
    close_period,
    grant_credit,
    note_tax,
    put_on_plan,
    record_usage,
    reserve_checks,
    take_back,
)

WINDOW = timedelta(hours=40)
BEGUN = datetime(2026, 1, 30, 23, tzinfo=UTC)
CENT = Decimal("0.01")


def balances():
    """Every account, from both sides of every entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account, currency, sum(amount) FROM billing_posting GROUP BY account, currency"
        )
        return Counter({account: amount for account, _currency, amount in cursor.fetchall()})


def unbalanced():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT transaction_id FROM billing_posting GROUP BY transaction_id, currency HAVING sum(amount) <> 0"
        )
        return cursor.fetchall()


class Books(RuleBasedStateMachine):
    """One tenant on the 31st, partners with trial, tiers, included units, a minimum and a window for repetitions, plans with
    fees, budgets; events come late and in no order."""

    @initialize()
    def begin(self):
        self.tenant = make_tenant()
        self.plans = [new_name("team"), new_name("business")]
        for plan, fee in zip(self.plans, ("99.00", "33.33"), strict=True):
            load(meter="fee", vendor="readmit", plan=plan, unit_price=fee)
        tiers = [{"up_to": 5, "unit_price": "0.155"}, {"up_to": None, "unit_price": "0.0105"}]
        self.partners = [
            load(unit_price="1.005", trial=4, included=3),
            load(model="volume", tiers=tiers, minimum="1.01"),
            load(model="graduated", tiers=tiers, included=2),
        ]
        load(vendor=self.partners[0], plan=self.plans[1], unit_price="0.335")
        self.partners.append(
            load(unit_price="0.705", duplicate_window_minutes=int(WINDOW.total_seconds() / 60))
        )
        self.own_plans = [new_name("solo"), new_name("many")]
        load(vendor=self.partners[0], plan=self.own_plans[0], unit_price="0.905", included=2)
        load(vendor=self.partners[0], plan=self.own_plans[1], unit_price="0.115")
        load(meter="fee", vendor=self.partners[0], plan=self.own_plans[0], unit_price="12.34")
        subscribe(self.tenant, "2026-01-31", plan=self.plans[0])
        self.now = BEGUN + timedelta(days=3)
        self.keys = 0
        self.cases = [uuid7(), uuid7()]
        self.decisions, self.gone = [], set()
        with tenant_scope(self.tenant.id), clock.frozen(BEGUN):
            for vendor in ("", self.partners[1]):
                cap("100000", vendor=vendor, is_hard=False)

    def at_work(self):
        self.keys += 1
        return tenant_scope(self.tenant.id)

    @rule(
        partner=st.integers(0, 3),
        case=st.integers(0, 1),
        outcome=st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.RETAKE]),
        kind=st.sampled_from(["through_us", "through_us", "through_us", "own_contract", "free"]),
        quantity=st.integers(1, 6),
        age=st.integers(0, 60 * 24),
    )
    def check(self, partner, case, outcome, kind, quantity, age):
        with self.at_work():
            moment = max(BEGUN, self.now - timedelta(hours=age))
            usage = Usage(
                idempotency_key=f"k{self.keys}",
                meter="decision",
                vendor=self.partners[partner],
                connection_kind=kind,
                outcome=outcome,
                quantity=quantity,
                occurred_at=moment,
                case_id=self.cases[case],
            )
            with clock.frozen(self.now):
                if quantity % 2:
                    assert reserve_checks([usage], expires_at=self.now + timedelta(hours=1))
                assert record_usage(usage).id == record_usage(usage).id
            if self.partners[partner] == self.partners[3] and kind != "own_contract":
                self.decisions.append(usage)

    @rule(days=st.integers(1, 45))
    def time_passes(self, days):
        self.now += timedelta(days=days)

    @rule(pick=st.integers(0, 1000))
    def take_one_back(self, pick):
        with self.at_work():
            rows = list(UsageEntry.objects.filter(kind="usage").order_by("id"))
            if rows:
                chosen = rows[pick % len(rows)]
                assert take_back(chosen, actor=SYSTEM).id == take_back(chosen, actor=SYSTEM).id
                self.gone.add(first_key(chosen.idempotency_key))

    @rule(minor=st.integers(1, 3000))
    def give_credit(self, minor):
        with self.at_work(), clock.frozen(self.now):
            grant_credit(key=f"k{self.keys}", credit=Money(minor, "EUR"), expires_at=None, actor=SYSTEM)

    @rule()
    def other_plan(self):
        with self.at_work():
            plan = standing().spans[-1].plan
            other = self.plans[1 - self.plans.index(plan)]
            try:
                change_plan(plan=other, at=self.now, actor=SYSTEM)
            except Invalid as refused:
                assert refused.code == "plan_change_too_early"

    @rule(minor=st.integers(1, 3000))
    def pay_in_advance(self, minor):
        with self.at_work(), clock.frozen(self.now):
            key, paid = f"checkout:k{self.keys}", Money(minor, "EUR")
            for _twice in range(2):
                grant_credit(key=key, credit=paid, expires_at=None, actor=SYSTEM, is_paid=True)

    @rule(pick=st.integers(0, 2), age=st.integers(0, 48))
    def other_plan_of_one_partner(self, pick, age):
        """Its own plan, another one, or the tenant's again; from now on or from an earlier moment."""
        with self.at_work(), clock.frozen(self.now):
            try:
                put_on_plan(
                    vendor=self.partners[0],
                    plan=[*self.own_plans, ""][pick],
                    at=max(BEGUN, self.now - timedelta(hours=age)),
                    actor=SYSTEM,
                )
            except Invalid as refused:
                assert refused.code == "plan_change_too_early"

    @rule()
    def close_what_is_over(self):
        with self.at_work(), clock.frozen(self.now):
            found = standing()
            closed = closed_periods(found)
            period = found.period_at(closed[-1].end if closed else BEGUN)
            if period.end > self.now:
                return
            drafted = draft_of(found, period)
            assert draft_of(found, period, summed=True) == drafted
            (invoice, *notes) = close_period(period.label, actor=SYSTEM)
            assert invoice.total_minor == drafted[0].invoice.total
            assert [note.total_minor for note in notes] == [note.total for note in drafted[0].credit_notes]
            for document in (invoice, *notes):
                tax = Money(document.total_minor * 21 // 100, "EUR")
                note_tax(document.id, key=f"tax:{document.id}", tax=tax, actor=SYSTEM)

    @rule()
    def look_at_the_running_invoice(self):
        """The page adds up days, closing reads the entries: to the last line the same."""
        with self.at_work(), clock.frozen(self.now):
            found = standing()
            period = found.period_at(self.now)
            assert draft_of(found, period, summed=True) == draft_of(found, period)

    @invariant()
    def the_books_hold(self):
        if not hasattr(self, "keys"):
            return
        with tenant_scope(self.tenant.id):
            assert unbalanced() == []
            found = balances()
            invoiced = sum(Invoice.objects.values_list("total_minor", flat=True)) * CENT
            taxes = sum(Entry.objects.filter(kind="tax").values_list("amount", flat=True), Decimal(0))
            credits = -sum(InvoiceLine.objects.filter(kind="credit").values_list("minor", flat=True)) * CENT
            # ledger = invoices + unbilled, with fees; credits paid a part of it, taxes come on top.
            assert -found["revenue"] == invoiced + credits + found["unbilled"]
            assert found["receivable"] == invoiced + taxes
            assert -found["tax"] == taxes
            assert -found["credits"] == found["promotions"] + found["prepaid"] - credits >= 0
            assert found["own_contract"] == -found["partner_bills"] >= 0
            self.every_check_is_somewhere(found["unbilled"])
            self.repetitions_are_judged_in_their_order_of_time()
            self.budgets_are_what_the_entries_add_up_to()

    def every_check_is_somewhere(self, unbilled):
        """Units, not money: on documents, not invoiced yet, free, or billed by a partner."""
        lines = InvoiceLine.objects.filter(kind="usage")
        on_documents = sum(lines.values_list("quantity", flat=True))
        ours = UsageEntry.objects.filter(billable=True, connection_kind="through_us")
        waiting = sum(ours.values_list("quantity", flat=True)) - on_documents
        rest = UsageEntry.objects.exclude(billable=True, connection_kind="through_us")
        everything = sum(UsageEntry.objects.values_list("quantity", flat=True))
        assert everything == on_documents + waiting + sum(rest.values_list("quantity", flat=True))
        booked = sum(ours.values_list("amount", flat=True), Decimal(0))
        listed = sum(lines.values_list("at_list_price", flat=True), Decimal(0))
        # What waits is booked at its list price and nothing else is left on that account.
        assert unbilled == booked - listed

    def repetitions_are_judged_in_their_order_of_time(self):
        units, charged = 0, {}
        for usage in sorted(self.decisions, key=lambda usage: (usage.occurred_at, usage.idempotency_key)):
            if usage.outcome == Outcome.RETAKE or usage.idempotency_key in self.gone:
                continue
            before = charged.get(usage.case_id)
            if before is None or usage.occurred_at - before >= WINDOW:
                charged[usage.case_id] = usage.occurred_at
                units += usage.quantity
        rows = UsageEntry.objects.filter(vendor=self.partners[3], billable=True)
        rows = rows.exclude(connection_kind="own_contract")
        assert units == sum(rows.values_list("quantity", flat=True))

    def budgets_are_what_the_entries_add_up_to(self):
        for row in BudgetWindow.objects.select_related("budget"):
            found = sums_of(row.budget, Window(row.starts_at, row.ends_at))
            assert (found.spent, found.reserved) == (row.spent, row.reserved)
            lines = InvoiceLine.objects.filter(kind="usage", about=standing().period_at(row.starts_at).label)
            if row.budget.vendor:
                lines = lines.filter(vendor=row.budget.vendor)
            invoiced = sum(lines.values_list("minor", flat=True)) * CENT
            own = UsageEntry.objects.filter(connection_kind="own_contract")
            assert not any(own.values_list("amount", flat=True))
            assert invoiced <= found.spent + room_for_rounding(row.fine, row.budget)


Books.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestBooks = Books.TestCase
