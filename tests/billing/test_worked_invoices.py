"""The twelve worked invoices of the README's annex, number by number. The totals were computed by hand, and stand on the
invoice's page and on its sheet as well."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from portal.templatetags.drawn import write_money
from tenants.rights import Role
from tests.billing.world import amounts, close, event, load, look, new_name, record_file, subscribe, switch
from vendors.billing.models import UsageEntry
from vendors.billing.services import enter_contract_price, grant_credit, take_back
from vendors.console import invoice_pdf
from vendors.console.sheet_fonts import marked_up

TIERS = [
    {"up_to": 100, "unit_price": "1.20"},
    {"up_to": 1000, "unit_price": "1.00"},
    {"up_to": None, "unit_price": "0.80"},
]


@pytest.fixture
def used(tenant, tmp_path):
    """`used((partner, day, quantity, more), …)`: recorded by the command that operators use."""

    def record(*events):
        code, results = record_file(
            tmp_path, [event(tenant, partner, day, number, **more) for partner, day, number, more in events]
        )
        assert code == 0, results

    return record


ON_A_PAGE = re.compile(r'<span class="num nowrap">([^<]+)</span>')
ON_A_SHEET = re.compile(r"−?[\d,]+\.\d\d [A-Z]{3}")


@pytest.fixture
def printed(tenant, staff_client, monkeypatch):
    """`printed(document, "18.90", …)`: the amounts of its lines, its net and its total, and no others, on page and sheet."""
    written = []
    monkeypatch.setattr(invoice_pdf, "marked_up", lambda text: written.append(text) or marked_up(text))
    client = staff_client(Role.BILLING_MANAGER)

    def compare(document, *lines):
        exact, currency = [Decimal(line) for line in lines], document.currency
        exact += [sum(exact)] * 2
        path = f"/o/{tenant.slug}/usage/invoices/{document.public_id}/"
        table = client.get(path).content.decode().partition("<tbody")[2].partition("</table")[0]
        assert ON_A_PAGE.findall(table) == [write_money(amount, currency, places=2) for amount in exact]
        written.clear()
        assert client.get(f"{path}pdf").content.startswith(b"%PDF-")
        on_the_sheet = [text for text in written if ON_A_SHEET.fullmatch(text)]
        assert on_the_sheet == [f"{amount:,.2f} {currency}".replace("-", "−") for amount in exact]
        assert document.total_minor == exact[-1].scaleb(2)

    return compare


def test_1_a_decision_is_charged_and_nothing_else(tenant, used, printed):
    partner = load(unit_price="1.35")
    checks = {"kind": "face_check"}
    used(
        (partner, "2026-03-02", 10, {"outcome": "passed"}),
        (partner, "2026-03-02", 4, {"outcome": "failed"}),
        (partner, "2026-03-03", 3, {"outcome": "retake"}),
        (partner, "2026-03-03", 2, {"outcome": "partner_failed"}),
        (partner, "2026-03-03", 1, {"outcome": "timed_out"}),
        (partner, "2026-03-03", 5, {"outcome": "given_up"}),
        ("readmit", "2026-03-04", 12, checks),
        ("readmit", "2026-03-04", 1, {**checks, "outcome": "moved_browsers"}),
    )
    shown = look(tenant, "2026-03")
    assert amounts(shown) == [("usage", 14, "18.90"), ("usage", 12, "3.00")]
    assert [line["entries"] for line in shown["lines"]] == [2, 1]
    assert shown["totals"] == {"EUR": "21.90"}
    free = {row["why"]: row["quantity"] for row in shown["not_charged"]}
    assert free == {"retake": 3, "partner_failed": 2, "timed_out": 1, "given_up": 5, "moved_browsers": 1}
    (made,) = close(tenant, "2026-03")
    printed(made, "18.90", "3.00")


def test_2_each_currency_has_its_invoice_and_own_contracts_have_none(tenant, used, printed):
    in_euros, in_dollars = load(unit_price="1.00"), load(unit_price="1.10", currency="USD")
    subscribe(tenant, "2026-01-01", currencies=("EUR", "USD"))
    own = new_name()
    with clock.frozen(datetime(2026, 1, 5, tzinfo=UTC)), tenant_scope(tenant.id):
        enter_contract_price(vendor=own, unit_price=Decimal("0.95"), currency="GBP", actor=SYSTEM)
    used(
        (in_euros, "2026-03-02", 10, {}),
        (in_dollars, "2026-03-02", 10, {}),
        (own, "2026-03-02", 7, {}),
        ("house", "2026-03-02", 5, {"connection": "free"}),
    )
    shown = look(tenant, "2026-03")
    assert shown["totals"] == {"EUR": "10.00", "USD": "11.00"}
    (row,) = shown["own_contract"]
    assert (row["vendor"], row["quantity"], row["amount"], row["currency"]) == (own, 7, "6.65", "GBP")
    assert [row["quantity"] for row in shown["not_charged"]] == [5]
    for label in ("2026-01", "2026-02"):
        close(tenant, label)
    euros, dollars = close(tenant, "2026-03")
    printed(euros, "10.00")
    printed(dollars, "11.00")


def test_3_included_units_cost_nothing(tenant, used, printed):
    partner = load(unit_price="0.90", included=100)
    used((partner, "2026-03-02", 80, {}), (partner, "2026-03-20", 50, {}))
    shown = look(tenant, "2026-03")
    assert amounts(shown) == [("usage", 130, "27.00")]
    assert shown["lines"][0]["included"] == 100
    (made,) = close(tenant, "2026-03")
    printed(made, "27.00")


def test_4_graduated_tiers(tenant, used, printed):
    partner = load(model="graduated", tiers=TIERS)
    used((partner, "2026-03-02", 1250, {}))
    shown = look(tenant, "2026-03")
    assert shown["totals"] == {"EUR": "1220.00"}
    assert [(tier["quantity"], tier["amount"]) for tier in shown["lines"][0]["tiers"]] == [
        (100, "120.00"),
        (900, "900.00"),
        (250, "200.00"),
    ]
    (made,) = close(tenant, "2026-03")
    printed(made, "1220.00")


def test_5_volume_tiers(tenant, used, printed):
    partner = load(model="volume", tiers=TIERS)
    used((partner, "2026-03-02", 1250, {}))
    assert look(tenant, "2026-03")["totals"] == {"EUR": "1000.00"}
    (made,) = close(tenant, "2026-03")
    printed(made, "1000.00")


def test_6_included_units_fill_tiers(tenant, used, printed):
    tiers = [{"up_to": 100, "unit_price": "1.20"}, {"up_to": None, "unit_price": "1.00"}]
    partner = load(tiers=tiers, included=50)
    used((partner, "2026-03-02", 130, {}))
    assert look(tenant, "2026-03")["totals"] == {"EUR": "90.00"}
    (made,) = close(tenant, "2026-03")
    printed(made, "90.00")


def test_7_a_minimum_is_made_up_for(tenant, used, printed):
    partner = load(unit_price="1.50", minimum="200.00")
    used((partner, "2026-03-02", 84, {}))
    shown = look(tenant, "2026-03")
    assert amounts(shown) == [("usage", 84, "126.00"), ("minimum", 0, "74.00")]
    assert look(tenant, "2026-04")["totals"] == {"EUR": "0.00"}
    (made,) = close(tenant, "2026-03")
    printed(made, "126.00", "74.00")


def test_8_a_trial_is_given_once(tenant, used, printed):
    partner = load(unit_price="2.00", trial=25)
    used((partner, "2026-03-02", 18, {}), (partner, "2026-04-02", 20, {}))
    assert look(tenant, "2026-03")["totals"] == {"EUR": "0.00"}
    april = look(tenant, "2026-04")
    assert amounts(april) == [("usage", 20, "26.00")]
    assert april["lines"][0]["trial"] == 7
    (made,) = close(tenant, "2026-03")
    printed(made, "0.00")
    (made,) = close(tenant, "2026-04")
    printed(made, "26.00")


def test_9_each_line_is_rounded_once_half_to_even(tenant, used, printed):
    first, second = load(unit_price="0.015"), load(unit_price="0.015")
    third = load(unit_price="0.333333")
    used(*[(partner, "2026-03-02", number, {}) for partner, number in ((first, 3), (second, 5), (third, 7))])
    shown = look(tenant, "2026-03")
    assert sorted(line["amount"] for line in shown["lines"]) == ["0.04", "0.08", "2.33"]
    assert shown["totals"] == {"EUR": "2.45"}
    (made,) = close(tenant, "2026-03")
    printed(made, *(line["amount"] for line in shown["lines"]))


def test_10_a_plan_changes_in_the_middle_of_a_month_of_743_hours(tenant, used, printed):
    team, business, partner = new_name("team"), new_name("business"), new_name()
    for plan, fee, each in ((team, "99.00", "1.50"), (business, "249.00", "1.20")):
        load(meter="fee", vendor="readmit", plan=plan, unit_price=fee)
        load(vendor=partner, plan=plan, unit_price=each)
    subscribe(tenant, "2026-03-01", plan=team)
    switch(tenant, "2026-03-16", business)
    used((partner, "2026-03-15T22:59:59Z", 10, {}), (partner, "2026-03-15T23:00:00Z", 20, {}))
    shown = look(tenant, "2026-03")
    assert amounts(shown) == [
        ("fee", 1, "47.97"),
        ("fee", 1, "128.35"),
        ("usage", 10, "15.00"),
        ("usage", 20, "24.00"),
    ]
    assert shown["totals"] == {"EUR": "215.32"}
    (made,) = close(tenant, "2026-03")
    printed(made, "47.97", "128.35", "15.00", "24.00")


def test_11_credits_pay_first_and_the_one_that_expires_soonest_before_others(tenant, used, printed):
    partner = load(unit_price="1.00")
    subscribe(tenant, "2026-05-01")
    with clock.frozen(datetime(2026, 5, 2, tzinfo=UTC)), tenant_scope(tenant.id):
        grant_credit(key="a", credit=Money(3000, "EUR"), expires_at=None, actor=SYSTEM)
        june = datetime(2026, 6, 30, tzinfo=UTC)
        grant_credit(key="b", credit=Money(5000, "EUR"), expires_at=june, actor=SYSTEM)
    used((partner, "2026-05-10", 62, {}), (partner, "2026-06-10", 25, {}))
    assert amounts(look(tenant, "2026-05")) == [
        ("usage", 62, "62.00"),
        ("credit", 0, "-50.00"),
        ("credit", 0, "-12.00"),
    ]
    (made,) = close(tenant, "2026-05")
    printed(made, "62.00", "-50.00", "-12.00")
    assert amounts(look(tenant, "2026-06")) == [("usage", 25, "25.00"), ("credit", 0, "-18.00")]
    assert look(tenant, "2026-06")["totals"] == {"EUR": "7.00"}
    (made,) = close(tenant, "2026-06")
    printed(made, "25.00", "-18.00")


def test_12_late_events_come_on_the_next_invoice_and_what_is_taken_back_is_a_credit_note(
    tenant, used, printed
):
    partner = load(unit_price="2.00")
    subscribe(tenant, "2026-01-31")
    used((partner, "2026-02-27T22:59:59Z", 10, {}), (partner, "2026-02-27T23:00:00Z", 5, {}))
    assert look(tenant, "2026-01")["end"] == "2026-02-28T00:00:00+01:00"
    (first,) = close(tenant, "2026-01")
    assert (first.kind, first.total_minor) == ("invoice", 2000)
    printed(first, "20.00")

    used((partner, "2026-02-01", 3, {}))
    second = look(tenant, "2026-02")
    assert [(line["period"], line["quantity"], line["amount"]) for line in second["lines"]] == [
        ("2026-02", 5, "10.00"),
        ("2026-01", 3, "6.00"),
    ]
    (invoice,) = close(tenant, "2026-02")
    assert invoice.total_minor == 1600
    printed(invoice, "10.00", "6.00")

    with tenant_scope(tenant.id):
        take_back(UsageEntry.objects.get(quantity=3), actor=SYSTEM)
    (third,) = look(tenant, "2026-03")["credit_notes"]
    assert third["total"] == "-6.00"
    invoice, note = close(tenant, "2026-03")
    assert (invoice.total_minor, note.kind, note.period, note.total_minor) == (
        0,
        "credit_note",
        "2026-01",
        -600,
    )
    assert look(tenant, "2026-04")["credit_notes"] == []
    printed(note, "-6.00")
