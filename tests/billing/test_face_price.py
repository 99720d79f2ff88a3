"""What a Face Check at Microsoft costs under the organisation's own contract: entered here, counted everywhere, invoiced by nobody."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery.statuses import Mode
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.rights import Role
from tests.billing.test_budgets import cap
from tests.billing.test_ledger import record
from tests.billing.test_usage_page import address
from tests.recovery.racing import race
from vendors.billing.models import ContractPrice, UsageEntry
from vendors.connecting import ContractTerms
from vendors.face_price import VENDOR, change_face_price, face_price
from vendors.facecheck.models import Judge
from vendors.maximum import most
from vendors.models import Connection
from vendors.services import Spender, reserve_face_check

QUARTER = ContractTerms(Decimal("0.25"), "USD")


def compared(key: str) -> UsageEntry:
    """A face that Microsoft compared."""
    return record(
        idempotency_key=key,
        meter="face_check",
        vendor=VENDOR,
        connection_kind="own_contract",
        step="face_checked",
    )


def enter(tenant: Tenant, price: str = "0.25", currency: str = "USD") -> None:
    with tenant_scope(tenant.id):
        change_face_price(ContractTerms(Decimal(price), currency), actor=SYSTEM)


def spender() -> Spender:
    return Spender(
        case_id=uuid4(), mode=Mode.PRODUCTION, profile_id=None, department="", face_by=Judge.MICROSOFT
    )


def test_what_nobody_had_entered_a_price_for_is_called_unknown_and_stays_so(
    tenant: Tenant, staff_client
) -> None:
    client, where = staff_client(Role.BILLING_MANAGER), address(tenant, "face-check-price")
    with tenant_scope(tenant.id):
        compared("before")
    told = client.get(address(tenant)).content.decode()
    assert "What some checks cost is unknown" in told and where in told
    assert "No price was entered yet" in client.get(where).content.decode()
    assert client.post(where, {"unit_price": "0.25", "currency": "USD"}).status_code == 302
    with tenant_scope(tenant.id):
        after = compared("after")
        assert (after.amount, after.currency, after.billable) == (Decimal("0.25"), "USD", True)
        assert UsageEntry.objects.get(idempotency_key="before").amount == 0
    told = client.get(address(tenant)).content.decode()
    assert "At least" in told and "$0.25" in told
    assert "Enter the price" not in told  # of the one before nobody ever said it


def test_it_is_the_billing_manager_s_to_say_and_written_down(tenant: Tenant, staff_client) -> None:
    where = address(tenant, "face-check-price")
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.HELP_DESK):
        assert staff_client(role).post(where, {"unit_price": "9", "currency": "USD"}).status_code == 403
    assert (
        staff_client(Role.OWNER).post(where, {"unit_price": "0.250000", "currency": "USD"}).status_code == 302
    )
    with tenant_scope(tenant.id):
        assert face_price() == QUARTER
        (event,) = AuditEvent.objects.filter(name=EventName.CONTRACT_PRICE_ENTERED.value)
        assert event.data["vendor"] == VENDOR and event.data["currency"] == "USD"


@pytest.mark.parametrize(
    "sent",
    [
        {"unit_price": "-1", "currency": "USD"},
        {"unit_price": "100000", "currency": "USD"},
        {"unit_price": "0.2500001", "currency": "USD"},
        {"unit_price": "NaN", "currency": "USD"},
        {"unit_price": "1e3000", "currency": "USD"},
        {"unit_price": "\0", "currency": "USD"},
        {"unit_price": "0.25", "currency": "XXX"},
        {"currency": "USD"},
    ],
    ids=str,
)
def test_an_unusable_price_is_refused_in_words(tenant: Tenant, staff_client, sent: dict[str, str]) -> None:
    answer = staff_client(Role.OWNER).post(address(tenant, "face-check-price"), sent)
    assert answer.status_code == 200 and answer.context["form"].errors
    with tenant_scope(tenant.id):
        assert face_price() is None


def test_what_no_form_lets_through_is_refused_below_it_too(tenant: Tenant) -> None:
    with pytest.raises(Invalid):
        enter(tenant, "-0.01")
    with pytest.raises(Invalid):
        enter(tenant, currency="XXX")


def test_a_colleague_s_price_is_not_undone_in_silence(tenant: Tenant, staff_client) -> None:
    client, where = staff_client(Role.OWNER), address(tenant, "face-check-price")
    seen = html.unescape(re.search(r'name="seen" value="([^"]+)"', client.get(where).content.decode())[1])
    enter(tenant, "0.30")
    answer = client.post(where, {"unit_price": "0.25", "currency": "USD", "seen": seen})
    assert answer.status_code == 200 and "0.3" in answer.content.decode()
    with tenant_scope(tenant.id):
        assert face_price() == ContractTerms(Decimal("0.30"), "USD")


def test_the_same_price_at_once_is_one_price(tenant: Tenant) -> None:
    def send(_number: int) -> str:
        enter(tenant)
        return "entered"

    assert race(send, times=8, threads=4) == {"entered": 8}
    with tenant_scope(tenant.id):
        assert ContractPrice.objects.filter(vendor=VENDOR).count() == 1


def test_what_a_recovery_costs_at_most_is_known_once_it_was_entered(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        house = Connection(vendor="house", kind="free")
        assert not most([house], decisions=3, face_checks=5, face_by=Judge.MICROSOFT).is_known
    enter(tenant)
    with tenant_scope(tenant.id):
        found = most([house], decisions=3, face_checks=5, face_by=Judge.MICROSOFT)
        assert found.is_known and found.totals == {"USD": Decimal("1.25")}


def test_a_cap_stops_what_microsoft_would_charge(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        cap("0.60", currency="USD")
    enter(tenant)
    with tenant_scope(tenant.id):
        got = [reserve_face_check(uuid4(), spender=spender(), before=None) for _number in range(4)]
    assert got == [True, True, False, False]


def test_a_price_counts_from_its_own_moment(tenant: Tenant) -> None:
    enter(tenant)
    with tenant_scope(tenant.id):
        late = record(
            idempotency_key="late",
            meter="face_check",
            vendor=VENDOR,
            connection_kind="own_contract",
            step="face_checked",
            occurred_at=clock.now() - timedelta(hours=1),
        )
        assert late.amount == 0
