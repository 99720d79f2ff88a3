"""The usage page broken down, its chart, where the period will end, and what a recovered account costs beside a reset."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.rights import Role
from tests.billing.test_budgets import cap
from tests.billing.test_ledger import record
from tests.billing.test_usage_page import MAY, address, may, rows_of  # noqa: F401  a fixture
from tests.billing.world import subscribe
from tests.recovery.console.world import make_case, make_person, published_profile
from vendors.billing.help_desk import ResetCost, change_reset_cost, reset_cost
from vendors.billing.rating.billability import Outcome

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def words_of(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def look(client, tenant, query=""):
    return words_of(client.get(address(tenant) + query))


def many_days(tenant, count=40, each=1, **more):
    """One record a day at noon, up to yesterday."""
    with tenant_scope(tenant.id):
        for number in range(1, count + 1):
            record(
                idempotency_key=f"day-{number}",
                occurred_at=NOON - timedelta(days=number),
                quantity=each,
                **more,
            )


# ------------------------------------------------------------------ broken down


def test_any_columns_together_break_usage_down(tenant, staff_client):
    with tenant_scope(tenant.id):
        profile = published_profile()
        for key, department in (("a", "Sales"), ("b", "Sales"), ("c", "Ships")):
            record(
                idempotency_key=key,
                occurred_at=datetime(2026, 5, 3, 12, tzinfo=UTC),
                department=department,
                profile_id=profile.id,
            )
        record(
            idempotency_key="d",
            occurred_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
            outcome=Outcome.RETAKE,
        )
    client = staff_client(Role.BILLING_MANAGER)
    every = "&by=day&by=partner&by=outcome&by=profile&by=department"
    words = look(client, tenant, MAY + every)
    assert f"3 May 2026 Face Check Passed {profile.name} Sales 2 0 €0.50" in words
    assert f"3 May 2026 Face Check Passed {profile.name} Ships 1 0 €0.25" in words
    assert "4 May 2026 Face Check Taken again No profile No department 0 1 €0.00" in words
    assert "Department Counted Not counted Amount Sales 2 0 €0.50" in look(
        client, tenant, MAY + "&by=department"
    )
    assert "Partner Outcome Counted Not counted Amount" in look(client, tenant, MAY + "&by=nonsense")


def test_what_cost_nothing_is_said_with_why(tenant, may, staff_client):  # noqa: F811
    words = look(staff_client(Role.BILLING_MANAGER), tenant, MAY)
    assert "What cost nothing, and why" in words
    assert "Face Check: Retake 1 The capture was not good enough" in words


def test_a_row_and_a_column_lead_to_their_checks(tenant, may, staff_client):  # noqa: F811
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant) + "?period=2026-05&by=day").content.decode()
    column = html.unescape(re.search(r'class="chart-column" href="([^"#]+)#checks"', page)[1])
    assert "period=2026-05" in column and "day=2026-05-03" in column
    found = rows_of(client.get(address(tenant, "csv") + column))
    assert {row["id"] for row in found} == {may[0].public_id, may[1].public_id}


def test_a_day_of_an_exact_period_stays_inside_it(tenant, staff_client):
    subscribe(tenant, "2026-01-31T09:00")
    with tenant_scope(tenant.id):
        for key, moment in (("before", "2026-02-28T07:59:59+00:00"), ("in", "2026-02-28T08:00:00+00:00")):
            record(idempotency_key=key, occurred_at=datetime.fromisoformat(moment))
    client = staff_client(Role.BILLING_MANAGER)
    whole = client.get(address(tenant, "csv") + "?from=2026-02-28&to=2026-02-28")
    inside = client.get(address(tenant, "csv") + "?period=2026-02&day=2026-02-28")
    assert len(rows_of(whole)) == 2 and len(rows_of(inside)) == 1


def test_a_filter_keeps_the_exact_period_and_days_that_are_typed_replace_it(tenant, staff_client):
    subscribe(tenant, "2026-01-31T09:00")
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant) + "?period=2026-02").content.decode()
    assert '<input type="hidden" name="period" value="2026-02">' in page
    assert 'name="from" type="date" value=' not in page
    sent = client.get(address(tenant) + "?period=2026-02&from=&to=&partner=readmit").content.decode()
    assert '<input type="hidden" name="period" value="2026-02">' in sent
    typed = client.get(address(tenant) + "?period=2026-02&from=2026-03-01&to=").content.decode()
    assert 'name="period"' not in typed and 'value="2026-03-01"' in typed


def test_another_period_keeps_the_other_filters(tenant, staff_client):
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant) + "?partner=house").content.decode()
    assert page.count("?partner=house&amp;period=") == 12


def test_a_long_time_is_drawn_by_weeks(tenant, staff_client):
    with tenant_scope(tenant.id):
        record(occurred_at=datetime(2026, 5, 3, 12, tzinfo=UTC))
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant) + "?from=2026-01-01&to=2026-06-30").content.decode()
    (column,) = re.findall(r'class="chart-column" href="([^"#]+)#checks" aria-label="([^"]+)"', page)
    assert column[1] == "30 Apr – 6 May 2026: 1 counted, 0 not counted"
    assert "from=2026-04-30" in column[0] and "to=2026-05-06" in column[0]


def test_the_chart_says_itself_in_words_and_has_its_table(tenant, may, staff_client):  # noqa: F811
    page = staff_client(Role.BILLING_MANAGER).get(address(tenant) + MAY).content.decode()
    chart = re.search(r"<svg class=\"chart chart-columns\".*?</svg>", page, re.DOTALL)[0]
    assert 'role="group"' in chart and 'aria-labelledby="checks_by_day_title"' in chart
    assert "The highest column is 3 May 2026 with 2 checks." in chart
    assert 'aria-label="3 May 2026: 2 counted, 0 not counted"' in chart
    assert "style=" not in chart and "onclick" not in chart
    assert "Day Counted Not counted 3 May 2026 2 0 4 May 2026 0 1 5 May 2026 2 0" in look(
        staff_client(Role.BILLING_MANAGER), tenant, MAY
    )


# ------------------------------------------------------------------ where it will end


def test_the_running_period_is_forecast_with_its_range(tenant, staff_client):
    many_days(tenant, each=4)
    with clock.frozen(NOON):
        words = look(staff_client(Role.BILLING_MANAGER), tenant)
    found = re.search(r"EUR €(\S+) €(\S+) €(\S+) €(\S+)", words)
    spent, expected, low, high = (Decimal(text) for text in found.groups())
    assert spent == Decimal("15.00")
    assert 28 < expected < 31 and spent < low < expected < high < 40


def test_before_two_weeks_it_is_too_early_to_say(tenant, staff_client):
    many_days(tenant, count=10)
    with clock.frozen(NOON):
        words = look(staff_client(Role.BILLING_MANAGER), tenant)
    assert "Too early to say" in words and "Expected at its end" in words


def test_a_past_period_is_not_forecast(tenant, staff_client):
    many_days(tenant)
    with clock.frozen(NOON):
        client = staff_client(Role.BILLING_MANAGER)
        assert "Where this period will end" not in look(client, tenant, "?period=2026-10")
        assert "Where this period will end" not in look(client, tenant, "?from=2026-11-01&to=2026-11-30")


def test_a_budget_says_when_it_is_reached(tenant, staff_client):
    many_days(tenant, each=4)
    with clock.frozen(NOON):
        with tenant_scope(tenant.id):
            cap("17.00", name="Tight")
            cap("500.00", name="Wide")
            cap("17.00", name="Nothing of it", vendor="house")
        client = staff_client(Role.BILLING_MANAGER)
        words = look(client, tenant)
        assert re.search(r"17.00 EUR spent At this pace it is reached on 1[78] Nov, on 1[678] Nov", words)
        assert "500.00 EUR spent It is not expected to be reached in this period." in words
        # Of what is filtered no budget is forecast.
        assert "At this pace" not in look(client, tenant, "?partner=readmit")


def test_the_first_day_of_a_period_counts_from_its_hour(tenant, staff_client):
    subscribe(tenant, "2026-11-01T18:00", zone="UTC")
    tenant.time_zone = "UTC"
    tenant.save()
    many_days(tenant, each=4)
    with clock.frozen(NOON):
        words = look(staff_client(Role.BILLING_MANAGER), tenant)
    # Fourteen days since the evening of the first; its noon belongs to the period before.
    assert "EUR €14.00" in words


def test_the_page_asks_the_database_few_questions(tenant, staff_client):
    many_days(tenant, count=20)
    with tenant_scope(tenant.id):
        cap("500.00")
    client = staff_client(Role.BILLING_MANAGER)
    with clock.frozen(NOON):
        client.get(address(tenant))
        with CaptureQueriesContext(connection) as asked:
            client.get(address(tenant) + "?by=day&by=department")
    assert len(asked) <= 17, "\n".join(query["sql"][:160] for query in asked)


# ------------------------------------------------------------------ beside the help desk


def test_a_recovered_account_stands_beside_a_reset(tenant, staff_client):
    with tenant_scope(tenant.id):
        profile = published_profile()
        for _number in range(2):
            make_case(profile, make_person(), CaseStatus.RECOVERED)
        record(quantity=8)
    client = staff_client(Role.OWNER)
    words = look(client, tenant)
    assert "One reset at the help desk $60.00 Change Assumed, after Microsoft's savings estimator." in words
    with tenant_scope(tenant.id):
        change_reset_cost(Decimal(40), "EUR", actor=SYSTEM)
    assert "One reset at the help desk €40.00 Change Saved beside the help desk €78.00" in look(
        client, tenant
    )


def test_the_reset_cost_is_the_billing_manager_s_to_say(tenant, staff_client):
    where = address(tenant, "reset-cost")
    client = staff_client(Role.BILLING_MANAGER)
    assert "Microsoft" in client.get(where).content.decode()
    assert client.post(where, {"amount": "45.50", "currency": "EUR"}).status_code == 302
    with tenant_scope(tenant.id):
        assert reset_cost() == ResetCost(Decimal("45.50"), "EUR", is_own=True)
        (event,) = AuditEvent.objects.filter(name=EventName.RESET_COST_CHANGED.value)
        assert event.data == {"from": "60.00 USD", "to": "45.50 EUR"}
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.HELP_DESK):
        assert staff_client(role).post(where, {"amount": "1", "currency": "EUR"}).status_code == 403


def test_a_colleague_s_reset_cost_is_not_undone_in_silence(tenant, staff_client):
    where = address(tenant, "reset-cost")
    client = staff_client(Role.BILLING_MANAGER)
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(where).content.decode())[1]
    client.post(where, {"amount": "45", "currency": "EUR", "seen": seen})
    answer = client.post(where, {"amount": "50", "currency": "EUR", "seen": seen})
    assert "It says now: 45" in answer.content.decode()


@pytest.mark.parametrize(
    ("amount", "currency"), [("-1", "EUR"), ("100001", "EUR"), ("1.005", "EUR"), ("1", "XXX")]
)
def test_an_unusable_reset_cost_is_refused(tenant, amount, currency):
    with tenant_scope(tenant.id), pytest.raises(Invalid):
        change_reset_cost(Decimal(amount), currency, actor=SYSTEM)
