"""An own contract whose price nobody entered: its checks are counted, and what they cost is called unknown, never nothing."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.billing.test_budgets import cap
from tests.billing.test_ledger import record
from tests.conftest import make_member
from vendors.billing.models import UsageEntry
from vendors.billing.services import enter_contract_price
from vendors.connecting import terms_of
from vendors.console.partner_forms import PartnerSettingsForm
from vendors.models import Connection
from vendors.registry import adapter_of

VENDOR = "persona"


def decided(key: str) -> UsageEntry:
    return record(idempotency_key=key, meter="decision", vendor=VENDOR, connection_kind="own_contract")


def words(client, address: str) -> str:
    text = client.get(address).content.decode()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_what_nobody_said_is_unknown_wherever_it_would_read_as_a_sum(tenant, staff_client):
    moment = clock.now()
    with clock.frozen(moment - timedelta(seconds=60)), tenant_scope(tenant.id):
        Connection.objects.create(vendor=VENDOR, kind="own_contract", status="ready")
        first = decided("first")
        cap()
    owner, slug = staff_client(Role.OWNER), tenant.slug
    usage, page = f"/o/{slug}/usage/", f"/o/{slug}/partners/{VENDOR}/record"
    told = words(owner, usage)
    assert "What some checks cost is unknown" in told and "Persona: 1 check Enter the price" in told
    assert "€0.00" not in told
    told = words(owner, f"{usage}{first.public_id}/")
    assert "Not stated" in told and "Nobody had entered what one costs" in told and "€0.00" not in told
    assert "Unknown 1 check" in words(owner, page)
    assert "checks by Persona: nobody has entered what one costs" in words(owner, f"/o/{slug}/usage/budgets/")
    # Whoever may not set partners up is told, and led nowhere.
    assert "Enter the price" not in words(staff_client(Role.AUDITOR), usage)
    with clock.frozen(moment - timedelta(seconds=30)), tenant_scope(tenant.id):
        enter_contract_price(vendor=VENDOR, unit_price=Decimal("1.50"), currency="EUR", actor=SYSTEM)
    with tenant_scope(tenant.id):
        decided("second")
    told = words(owner, usage)
    assert "At least €1.50" in told and "Persona: 1 check" in told and "Enter the price" not in told
    assert "At least €1.50 2 checks, 1 of them at an unknown price" in words(owner, page)
    assert "nobody has entered what one costs" not in words(owner, f"/o/{slug}/usage/budgets/")


def test_a_price_that_somebody_entered_is_known_also_where_it_is_nothing(tenant, staff_client):
    with tenant_scope(tenant.id):
        enter_contract_price(vendor=VENDOR, unit_price=Decimal(0), currency="EUR", actor=SYSTEM)
        decided("free")
    assert "unknown" not in words(staff_client(Role.OWNER), f"/o/{tenant.slug}/usage/").lower()


def test_the_form_asks_for_a_price_and_takes_none_but_never_forgets_one(tenant):
    make_member(tenant, Role.OWNER)
    manifest = adapter_of(VENDOR).manifest
    given = {"api_key": "persona_sandbox_key", "template_id": "itmpl_x", "decision_status": "approved"}
    given |= {"after_answer": "keep", "currency": "EUR"}

    def form(**more):
        with tenant_scope(tenant.id):
            terms = terms_of(VENDOR)
            return PartnerSettingsForm({**given, **more}, manifest=manifest, connection=None, terms=terms)

    for written, price in (("", None), ("0", Decimal(0)), ("1.5", Decimal("1.5"))):
        read = form(unit_price=written)
        assert read.is_valid(), read.errors
        assert (read.terms().unit_price if read.terms() else None) == price
    assert "api_key" in form(api_key="").errors
    with tenant_scope(tenant.id):
        enter_contract_price(vendor=VENDOR, unit_price=Decimal("1.5"), currency="EUR", actor=SYSTEM)
    assert "unit_price" in form(unit_price="").errors
