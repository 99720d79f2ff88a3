"""The ledger: once, at the price in force, and never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, Misconfigured, NoScope, Refused
from portal.kit.ids import short_reference, uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tests.billing.world import load, new_name, record_file
from vendors.billing.book import Book
from vendors.billing.event_file import set_aside
from vendors.billing.models import PriceVersion, UsageEntry, UsagePending, Why
from vendors.billing.rating.billability import Outcome
from vendors.billing.reasons import SENTENCES
from vendors.billing.repeats import MANY_CASES, Repeats
from vendors.billing.selectors import price_at
from vendors.billing.services import Usage, enter_contract_price, record_check, record_usage


def record(**changes):
    """One entry; a Face Check that was passed unless said otherwise."""
    values = {
        "idempotency_key": "one",
        "meter": "face_check",
        "vendor": "readmit",
        "connection_kind": "through_us",
        "outcome": Outcome.PASSED,
        "quantity": 1,
        "case_id": uuid7(),
        "occurred_at": clock.now(),
        **changes,
    }
    return record_usage(Usage(**values))


def test_prices_are_the_ones_in_force():
    moment = clock.now()
    assert price_at("face_check", "readmit", moment).unit_price == Decimal("0.25")
    assert price_at("decision", "house", moment).unit_price == Decimal(0)
    assert price_at("face_check", "readmit", datetime(2025, 12, 31, tzinfo=UTC)) is None


def test_an_entry_holds_price_amount_case_and_reason(in_tenant):
    case_id = uuid7()
    entry = record(case_id=case_id, quantity=3)
    assert (entry.unit_price, entry.amount, entry.currency) == (Decimal("0.25"), Decimal("0.75"), "EUR")
    assert entry.price_version == price_at("face_check", "readmit", clock.now())
    assert entry.case_reference == short_reference(case_id)


def test_what_is_not_billable_costs_nothing_but_is_written_down(in_tenant):
    entry = record(outcome=Outcome.RETAKE)
    assert (entry.amount, entry.unit_price) == (Decimal(0), Decimal("0.25"))


def test_the_same_key_adds_nothing_and_returns_what_was_written(in_tenant):
    case_id = uuid7()
    first = record(case_id=case_id)
    second = record(case_id=case_id, occurred_at=clock.now() + timedelta(seconds=9))
    assert second.id == first.id and second.occurred_at == first.occurred_at
    assert UsageEntry.objects.count() == UsagePending.objects.filter(tenant_id=in_tenant.id).count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": Outcome.RETAKE},
        {"quantity": 2},
        {"case_id": uuid7()},
        {"connection_kind": "free"},
        {"mode": "evaluation"},
        {"profile_id": uuid7()},
        {"department": "Sales"},
    ],
)
def test_the_same_key_with_another_check_is_refused(in_tenant, other):
    case_id = uuid7()
    record(case_id=case_id)
    with pytest.raises(Refused, match="key_reused"):
        record(**{"case_id": case_id, **other})
    assert UsageEntry.objects.count() == 1


def test_a_check_without_a_price_is_kept_aside_and_counts_once_there_is_one(tenant, tmp_path):
    partner = new_name()
    usage = Usage(
        idempotency_key="one",
        meter="decision",
        vendor=partner,
        connection_kind="through_us",
        outcome=Outcome.PASSED,
        quantity=1,
        case_id=uuid7(),
        profile_id=uuid7(),
        department="Sales",
        occurred_at=clock.now(),
    )
    with tenant_scope(tenant.id):
        assert record_check(usage) is None and record_check(usage) is None
        (kept,) = set_aside()
        assert kept.code == "price_missing"
        assert AuditEvent.objects.filter(name="usage:entry:keep").count() == 1
    load(vendor=partner, unit_price="4.00")
    assert record_file(tmp_path, [kept.event + "\n"])[1][0]["result"] == "recorded"
    with tenant_scope(tenant.id):
        entry = record_check(usage)
        assert entry is not None and (entry.amount, set_aside()) == (Decimal(4), [])


def test_many_cases_are_locked_as_one(in_tenant):
    partner = load(unit_price="1.00", duplicate_window_minutes=10)
    book = Book.of(("decision", partner))
    moment = clock.now()
    usages = [
        Usage(str(number), "decision", partner, Outcome.PASSED, 1, moment, uuid7())
        for number in range(MANY_CASES + 1)
    ]
    Repeats(book, usages)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (1,)


def test_many_at_once_with_one_key_make_one_entry(tenant):
    case_id = uuid7()

    def one(_number):
        with tenant_scope(tenant.id):
            made = record(case_id=case_id).id
        connections.close_all()
        return made

    with ThreadPoolExecutor(12) as pool:
        made = set(pool.map(one, range(40)))
    assert len(made) == 1
    with tenant_scope(tenant.id):
        assert UsageEntry.objects.count() == UsagePending.objects.filter(tenant_id=tenant.id).count() == 1


def test_another_tenant_may_use_the_same_key_and_sees_nothing_of_ours(tenant, other_tenant):
    with tenant_scope(tenant.id):
        ours = record()
    with tenant_scope(other_tenant.id):
        assert record().id != ours.id
        assert not UsageEntry.objects.filter(id=ours.id).exists()
    with pytest.raises(NoScope):
        UsageEntry.objects.count()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_entry SET amount = 0",
        "DELETE FROM billing_entry",
        "TRUNCATE billing_entry",
        "UPDATE billing_contractprice SET unit_price = 0",
        "DELETE FROM billing_contractprice",
        "UPDATE billing_priceversion SET unit_price = 0",
        "DELETE FROM billing_priceversion",
    ],
)
def test_the_database_refuses_to_change_or_remove(tenant, statement):
    with pytest.raises(DatabaseError, match="permission denied"), tenant_scope(tenant.id):
        record()
        with connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_web_role_cannot_add_a_price():
    with pytest.raises(DatabaseError, match="permission denied"):
        PriceVersion.objects.create(
            meter="face_check",
            vendor="readmit",
            unit_price=Decimal("0.01"),
            currency="EUR",
            effective_from=clock.now(),
        )


def test_a_missing_price_stops_the_entry(in_tenant):
    with pytest.raises(Misconfigured, match="price_missing"):
        record(vendor="nobody")
    with pytest.raises(ValueError):
        record(outcome="because")
    with pytest.raises(ValueError):
        record(quantity=0)


def test_an_own_contract_counts_at_the_price_entered_before(in_tenant):
    enter_contract_price(vendor="oidc", unit_price=Decimal("1.35"), currency="EUR", actor=SYSTEM)
    later = clock.now() + timedelta(seconds=5)
    with clock.frozen(later):
        enter_contract_price(vendor="oidc", unit_price=Decimal("2"), currency="USD", actor=SYSTEM)
    own = {"meter": "decision", "vendor": "oidc", "connection_kind": "own_contract"}
    before = record(**own, idempotency_key="a")
    after = record(**own, idempotency_key="b", occurred_at=later + timedelta(seconds=1))
    assert (before.amount, before.currency, before.price_version) == (Decimal("1.35"), "EUR", None)
    assert (after.amount, after.currency) == (Decimal(2), "USD")


@pytest.mark.parametrize(("price", "currency"), [(Decimal(-1), "EUR"), (Decimal(1), "XXX")])
def test_a_contract_price_that_makes_no_sense_is_refused(in_tenant, price, currency):
    with pytest.raises(Invalid):
        enter_contract_price(vendor="oidc", unit_price=price, currency=currency, actor=SYSTEM)


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(Why)
