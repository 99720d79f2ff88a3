"""What a tenant has: how its partners do, what they cost, and pausing one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, Unavailable
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from recovery.ordering import partners_of
from recovery.profile_checks import check_profile
from tenants.audit.models import AuditEvent
from tenants.rights import Role
from tests.catalogue.files import listing_file
from tests.recovery.console.world import published_profile
from vendors import selectors
from vendors.billing.models import ContractPrice
from vendors.billing.rating.billability import Outcome
from vendors.billing.services import Usage, record_check
from vendors.catalogue.confirming import confirm_contract
from vendors.catalogue.loading import load_listing
from vendors.contract import Manifest
from vendors.health import note_failed_answer
from vendors.models import Connection, ProofingAttempt
from vendors.proofing import begin_proofing
from vendors.record import record_of, share_of

ENDS = ("verified", "verified", "not_verified", "retry_allowed", "")


def attempts(connection):
    moment = clock.now()
    for number, outcome in enumerate(ENDS):
        began = moment - timedelta(minutes=number)
        row = ProofingAttempt.objects.create(
            connection=connection,
            reference=uuid7(),
            browser_digest=b"x",
            mode="evaluation",
            is_demonstration=False,
            return_url="",
            locale="en",
            purpose="",
            phase="done" if outcome else "waiting_for_user",
            outcome=outcome,
            reasons={"not_verified": ["doc_not_genuine"], "retry_allowed": ["doc_unreadable"]}.get(
                outcome, []
            ),
            started_at=began + timedelta(seconds=2),
            ended_at=began + timedelta(seconds=62) if outcome else None,
            expires_at=moment + timedelta(hours=1),
        )
        ProofingAttempt.objects.filter(id=row.id).update(created_at=began)


def connected(tenant):
    connection = Connection.objects.create(vendor="oidc", kind="own_contract", status="ready")
    ContractPrice.objects.create(vendor="oidc", unit_price="1.50", currency="EUR")
    return connection


def test_the_page_says_how_sessions_ended_why_and_what_they_cost(tenant, staff_client):
    with tenant_scope(tenant.id):
        connection = connected(tenant)
        attempts(connection)
        record_check(
            Usage(
                idempotency_key=uuid7().hex,
                meter="decision",
                vendor="oidc",
                outcome=Outcome.FAILED,
                quantity=1,
                occurred_at=clock.now(),
                case_id=uuid7(),
                connection_kind="own_contract",
            )
        )
        for _number in range(3):
            note_failed_answer(connection)
        found = record_of(connection.id)
        assert dict(found.outcomes) == {"verified": 2, "not_verified": 1, "retry_allowed": 1, "": 1}
        assert (found.link_median, found.session_median, found.session_slowest) == (2.0, 60.0, 60.0)
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(f"/o/{tenant.slug}/partners/oidc/record").content.decode()
    for words in (
        "The document did not look genuine.",
        "The document could not be read.",
        "Confirmed",
        "Under way",
        "€1.50",
        "1 check",
        "offered last until",
        "2.0 s",
        "60 s / 60 s",
    ):
        assert words in page, words
    assert "Pause</" not in page  # who pays does not configure
    yours = client.get(f"/o/{tenant.slug}/partners/yours").content.decode()
    assert "Your own OpenID Provider" in yours


def test_a_partner_without_sessions_has_an_empty_page_and_one_nobody_has_none(
    tenant, other_tenant, staff_client
):
    with tenant_scope(tenant.id):
        connected(tenant)
    client = staff_client(Role.AUDITOR)
    assert (
        "Nobody was sent there yet" in client.get(f"/o/{tenant.slug}/partners/oidc/record").content.decode()
    )
    assert client.get(f"/o/{tenant.slug}/partners/persona/record").status_code == 404
    assert (
        staff_client(Role.OWNER, other_tenant).get(f"/o/{tenant.slug}/partners/oidc/record").status_code
        == 404
    )
    assert share_of([], 0.5) is None


def test_nobody_new_is_sent_to_a_paused_partner_and_one_press_uses_it_again(tenant, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    with tenant_scope(tenant.id):
        profile = published_profile()
        (connection,) = partners_of(profile)
    base = f"/o/{tenant.slug}/partners/{connection.vendor}"
    assert "prove nobody" in client.get(f"{base}/pause").content.decode()
    for _twice in range(2):
        assert client.post(f"{base}/pause").status_code == 302
    with tenant_scope(tenant.id):
        assert partners_of(profile) == [] and _begins(connection) == "partner_not_ready"
        assert AuditEvent.objects.filter(name="partner:connection:pause").count() == 1
    assert "Paused" in client.get(f"{base}/record").content.decode()
    client.post(f"{base}/unpause")
    with tenant_scope(tenant.id):
        assert _begins(connection) == ""
    with tenant_scope(tenant.id):
        assert [one.id for one in partners_of(profile)] == [connection.id]


def _begins(connection):
    try:
        begin_proofing(
            connection_id=connection.id,
            reference=uuid7(),
            browser_digest=b"x",
            return_url="",
            locale="en",
            purpose="",
            demonstration=False,
            actor=SYSTEM,
        )
    except Unavailable as refused:
        return refused.code
    return ""


def test_a_partner_whose_contract_nobody_confirmed_goes_into_no_production(tenant, monkeypatch):
    content = listing_file(contract={"status": "not_public", "text": "Nobody can read it."})
    assert load_listing("x.json", content).result == "loaded"
    with tenant_scope(tenant.id):
        profile = published_profile()
        (connection,) = partners_of(profile)
        Connection.objects.filter(id=connection.id).update(vendor=content["slug"])
    adapter = type("Adapter", (), {"manifest": Manifest(slug=content["slug"], contract_status="not_public")})
    monkeypatch.setattr(selectors, "adapter_of", lambda vendor: adapter)
    assert not selectors.may_be_used_in_production(content["slug"])
    with tenant_scope(tenant.id):
        profile.mode = "production"
        with pytest.raises(Invalid, match="profile_contract_unconfirmed"):
            check_profile(profile)
    confirm_contract(content["slug"], on=clock.now().date(), reference="Letter")
    with tenant_scope(tenant.id):
        assert selectors.may_be_used_in_production(content["slug"])
