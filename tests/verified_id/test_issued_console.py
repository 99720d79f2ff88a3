"""Issued cards in the console: found by whose they are, suspended and reinstated, released after a look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.scope import tenant_scope
from recovery.models import CredentialBinding
from recovery.statuses import CaseStatus
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.issuance import begin_issuance
from tenants.verified_id.models import Credential, Issuance, StatusList
from tenants.verified_id.services import turn_on_verified_id
from tests.recovery.console.world import make_case, make_person, published_profile

LOST = {"reason": "Phone was left on a train."}


def address(tenant: Tenant, path: str = "") -> str:
    return f"/o/{tenant.slug}/verified-id/issued{path}"


def a_card(issuance: Issuance, *, days: int = 30) -> Credential:
    return Credential.objects.create(
        issuance=issuance,
        reference=issuance.reference,
        status_list=StatusList.objects.get(),
        status_index=Credential.objects.count(),
        holder_thumbprint="thumb",
        notification_digest=digest(str(issuance.id)),
        expires_at=clock.now() + timedelta(days=days),
    )


@pytest.fixture
def ada(tenant: Tenant) -> DirectoryPerson:
    """Somebody whose account was recovered with a card."""
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        person = make_person()
        case = make_case(published_profile(), person, CaseStatus.RECOVERED)
        card = a_card(begin_issuance(reference=case.id, claims={}, portrait=b"", actor=SYSTEM))
        CredentialBinding.objects.create(person=person, case=case, credential_id=card.id)
    return person


def card_of(tenant: Tenant) -> Credential:
    with tenant_scope(tenant.id):
        return Credential.objects.order_by("created_at")[0]


def offered(tenant: Tenant, person: DirectoryPerson, *, review_first: bool = False) -> Issuance:
    with tenant_scope(tenant.id):
        return begin_issuance(
            claims={}, portrait=b"", actor=SYSTEM, person_id=person.id, review_first=review_first
        )


def text_of(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_a_card_is_found_by_whose_it_is_and_an_untied_one_is_nobodys(tenant, ada, staff_client):
    with tenant_scope(tenant.id):
        a_card(Issuance.objects.create(reference=ada.id, expires_at=clock.now()))
    client = staff_client(Role.AUDITOR)
    assert "2 of 2 cards" in text_of(client, address(tenant))
    found = text_of(client, address(tenant, f"?q={ada.user_name}"))
    assert "1 of 1 cards" in found and ada.display_name in found
    assert "No card fits" in text_of(client, address(tenant, "?q=nobodyatall"))
    lines = b"".join(client.get(address(tenant, "/csv")).streaming_content).decode().splitlines()
    assert lines[0].endswith("holder") and sum(line.endswith(ada.display_name) for line in lines) == 1


def test_a_card_offered_by_name_is_found_by_it(tenant, ada, staff_client):
    with tenant_scope(tenant.id):
        bob = make_person()
    card = None
    made = offered(tenant, bob)
    with tenant_scope(tenant.id):
        card = a_card(made)
    found = text_of(staff_client(), address(tenant, f"?q={bob.user_name}"))
    assert card.public_id in found and "1 of 1 cards" in found


def test_who_may_not_see_people_reads_no_name_and_finds_none(tenant, ada, staff_client, monkeypatch):
    from tenants import rights

    rest = rights.RIGHTS[Role.AUDITOR] - {rights.Right.SEE_PEOPLE}
    monkeypatch.setitem(rights.RIGHTS, Role.AUDITOR, rest)
    client, card = staff_client(Role.AUDITOR), card_of(tenant)
    assert "No card fits" in text_of(client, address(tenant, f"?q={ada.user_name}"))
    for path in ("", f"/{card.public_id}"):
        assert ada.display_name not in text_of(client, address(tenant, path))
    lines = b"".join(client.get(address(tenant, "/csv")).streaming_content).decode()
    assert ada.display_name not in lines and "holder" not in lines


def test_an_expired_card_is_not_among_the_valid_ones(tenant, ada, staff_client):
    client = staff_client()
    with tenant_scope(tenant.id):
        Credential.objects.update(expires_at=clock.now() - timedelta(days=1))
    assert "No card fits" in text_of(client, address(tenant, "?status=valid"))
    assert "1 of 1 cards" in text_of(client, address(tenant, "?status=expired"))


def test_a_card_is_suspended_and_reinstated_with_reasons_that_auditors_read(tenant, ada, staff_client):
    client, card = staff_client(), card_of(tenant)
    for move, state, event in (
        ("suspend", "suspended", "verified_id:credential:suspend"),
        ("reinstate", "valid", "verified_id:credential:reinstate"),
    ):
        where = address(tenant, f"/{card.public_id}/{move}")
        assert client.post(where, {"reason": ""}).status_code == 200
        assert client.post(where, LOST).status_code == 302
        assert card_of(tenant).state == state
        with tenant_scope(tenant.id):
            assert AuditEvent.objects.get(name=event).personal_digest


def test_a_card_that_was_revoked_meanwhile_stays_so_and_the_page_says_it(tenant, ada, staff_client):
    card = card_of(tenant)
    with tenant_scope(tenant.id):
        revoke_credential(card.id, reason="revoked_by_member", actor=SYSTEM)
    answer = staff_client().post(address(tenant, f"/{card.public_id}/reinstate"), LOST)
    assert answer.status_code == 200 and "cannot be undone" in answer.content.decode()
    assert card_of(tenant).state == "revoked"


@pytest.mark.parametrize(("verdict", "review"), [("release", "released"), ("refuse", "refused")])
def test_a_card_that_waits_is_released_or_refused_once(tenant, ada, staff_client, verdict, review):
    waits, client = offered(tenant, ada, review_first=True), staff_client()
    assert "1 card was offered" in text_of(client, address(tenant))
    assert ada.display_name in text_of(client, address(tenant, "/waiting"))
    where = address(tenant, f"/waiting/{waits.public_id}")
    assert client.post(where, {"reason": "Known."}).status_code == 200
    assert client.post(where, {"verdict": verdict, "reason": "Known."}).status_code == 302
    with tenant_scope(tenant.id):
        row = Issuance.objects.get(id=waits.id)
        assert (row.review, row.sealed is None) == (review, review == "refused")
    assert client.post(where, {"verdict": "release", "reason": "Known."}).status_code == 404
    assert "Nothing waits" in text_of(client, address(tenant, "/waiting"))


def test_another_tenants_waiting_card_is_not_found(tenant, ada, staff_client, other_tenant):
    waits = offered(tenant, ada, review_first=True)
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    client = staff_client(Role.OWNER, other_tenant)
    where = f"/o/{other_tenant.slug}/verified-id/issued/waiting/{waits.public_id}"
    assert client.post(where, {"verdict": "release", "reason": "Known."}).status_code == 404
    with tenant_scope(tenant.id):
        assert Issuance.objects.get(id=waits.id).review == "waiting"
