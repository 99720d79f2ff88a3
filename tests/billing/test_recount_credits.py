"""Credits and taxes against the oracle: a leap year from its 31st on, two currencies, whatever order credits came in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tests.billing import oracle
from tests.billing.world import close, event, load, record_file, subscribe
from vendors.billing.models import Invoice, InvoiceLine
from vendors.billing.services import grant_credit

ZONE = "Europe/Prague"
LABELS = ("2024-01", "2024-02", "2024-03")
# Amount, day it was given, days it lasts: of both currencies the same.
GRANTS = (
    (700, "2024-02-01", None),
    (900, "2024-02-03", 40),
    (350, "2024-03-05", 20),
    (5000, "2024-03-20", 300),
)
USED = (("2024-02-01", 7), ("2024-02-28", 6), ("2024-02-29", 5), ("2024-03-30", 9), ("2024-04-01", 11))


def _given(day):
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def _ends(day, lasts):
    return _given(day) + timedelta(days=lasts) if lasts else None


def test_credits_pay_first_in_each_currency_as_the_oracle_says(tenant, tmp_path):
    prices = {"EUR": "1.35", "JPY": "90"}
    partners = {currency: load(unit_price=price, currency=currency) for currency, price in prices.items()}
    subscribe(tenant, "2024-01-31", currencies=tuple(prices))
    counted = [event(tenant, partner, day, units) for partner in partners.values() for day, units in USED]
    assert record_file(tmp_path, counted)[0] == 0
    for currency in prices:
        for number, (minor, day, lasts) in enumerate(GRANTS):
            with clock.frozen(_given(day)), tenant_scope(tenant.id):
                grant_credit(
                    key=f"{currency}-{number}",
                    credit=Money(minor, currency),
                    expires_at=_ends(day, lasts),
                    actor=SYSTEM,
                )
    for label in LABELS:
        close(tenant, label)
    for currency, price in prices.items():
        subscription = {
            "from": "2024-01-31T00:00",
            "time_zone": ZONE,
            "currency": currency,
            "plans": [(_given("2024-01-30"), "standard")],
        }
        listed = [
            {
                "meter": "decision",
                "vendor": partners[currency],
                "plan": "standard",
                "currency": currency,
                "from": datetime(2020, 1, 1, tzinfo=UTC),
                "unit_price": price,
            }
        ]
        ours = [each for each in counted if each["vendor"] == partners[currency]]
        dues = [
            (
                *oracle.period_of(subscription, label),
                oracle.usage_total(listed, subscription, ours, label),
            )
            for label in LABELS
        ]
        assert dues[0][1].date().isoformat() == "2024-02-28" and dues[1][1].date().isoformat() == "2024-03-30"
        assert all(due for _start, _end, due in dues)
        grants = [(minor, _given(day), _ends(day, lasts)) for minor, day, lasts in GRANTS]
        with tenant_scope(tenant.id):
            documents = Invoice.objects.filter(currency=currency).order_by("period_start")
            told = [row.total_minor for row in documents]
            used = InvoiceLine.objects.filter(invoice__currency=currency, kind="credit").count()
        assert told == oracle.paid_by_credits(dues, grants), currency
        assert used >= 3
