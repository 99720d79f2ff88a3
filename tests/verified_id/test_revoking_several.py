"""Many cards revoked together: counted first, drawn up once, done in batches that a dead worker does not undo."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from portal.kit import clock, outbox
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Outbox, Tenant
from tenants.rights import Role
from tenants.verified_id import revoking
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.issuance import begin_issuance
from tenants.verified_id.models import BulkRevocation, Credential, StatusList
from tenants.verified_id.protocol.status_list import Status, verify_status_list_token
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.publishing import status_token
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.signing import trusted_keys
from tests.verified_id.test_flow import authority
from tests.verified_id.test_issued_console import address, text_of

__all__ = ["authority"]
WORDS = {"word": "revoke", "reason": "Telephones were stolen."}


def make_cards(tenant: Tenant, number: int, *, days_ago: int = 0) -> list[Credential]:
    """That many, of one issuance, with places of their own in the list."""
    with tenant_scope(tenant.id):
        made = begin_issuance(claims={}, portrait=b"", actor=SYSTEM)
        first = Credential.objects.count()
        rows = [
            Credential(
                issuance=made,
                reference=made.reference,
                status_list=StatusList.objects.get(),
                status_index=first + place,
                holder_thumbprint="thumb",
                notification_digest=digest(f"{made.id}|{place}"),
                created_at=clock.now() - timedelta(days=days_ago),
                expires_at=clock.now() + timedelta(days=30),
            )
            for place in range(number)
        ]
        return Credential.objects.bulk_create(rows)


def work(tenant: Tenant) -> None:
    for row_id in list(
        Outbox.objects.filter(tenant_id=tenant.id, topic="verified_id.revoke_chosen").values_list(
            "id", flat=True
        )
    ):
        outbox.run(row_id)


def states(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(Credential.objects.order_by("created_at", "id").values_list("state", flat=True))


def begin(tenant: Tenant, number: int) -> BulkRevocation:
    with tenant_scope(tenant.id):
        return revoking.begin_revoking(
            Credential.objects.all(), expected=number, actor=SYSTEM, words="Stolen."
        )


def test_what_a_filter_finds_is_counted_confirmed_and_revoked_with_one_entry(authority, staff_client):
    old, new = make_cards(authority, 3, days_ago=9), make_cards(authority, 2)
    with tenant_scope(authority.id):
        revoke_credential(old[0].id, reason="revoked_by_member", actor=SYSTEM)
    client = staff_client(Role.ADMINISTRATOR, authority)
    until = (clock.now() - timedelta(days=5)).date().isoformat()
    where = address(authority, f"/revoke?to={until}")
    page = text_of(client, where)
    assert "2 cards are worthless" in page and "1 that you chose is revoked already" in page
    assert "every card of your organisation" not in page
    assert client.post(where, {**WORDS, "count": "2"}).status_code == 302
    work(authority)
    assert states(authority) == ["revoked"] * 3 + ["valid"] * 2
    with tenant_scope(authority.id):
        event = AuditEvent.objects.get(name="verified_id:credentials:revoke")
        row = BulkRevocation.objects.get()
    ids = sorted(card.id for card in old[1:])
    assert event.data["count"] == 2 and event.actor_kind == "member"
    assert event.data["digest"] == hashlib.sha256(b"".join(one.bytes for one in ids)).hexdigest()
    assert "All of them are revoked" in text_of(client, address(authority, f"/revocations/{row.public_id}"))
    assert bytes(row.chosen) == b"" and new


def test_verifiers_learn_of_all_of_them_from_the_next_list(authority):
    cards = make_cards(authority, 5)
    with tenant_scope(authority.id):
        before = status_token(cards[0].status_list_id)
    begin(authority, 5)
    work(authority)
    with tenant_scope(authority.id):
        after, now = status_token(cards[0].status_list_id), int(clock.now().timestamp())
        trust = Trust(issuers=(get_authority().did,), keys=trusted_keys())
        uri = StatusList.objects.get().uri
    assert before != after
    read = verify_status_list_token(after, trust=trust, expected_uri=uri, resolved_at=now, now=now)
    assert {read.status(card.status_index) for card in cards} == {Status.INVALID}


def test_ticked_cards_are_revoked_and_nobody_elses(authority, staff_client, other_tenant):
    cards = make_cards(authority, 3)
    client = staff_client(Role.OWNER, authority)
    ticked = {"credential": [cards[0].public_id, cards[2].public_id, "credential_nonsense"]}
    page = client.post(address(authority, "/revoke"), ticked).content.decode()
    assert "2 cards are worthless" in page and states(authority) == ["valid"] * 3
    stranger = staff_client(Role.OWNER, other_tenant)
    answer = stranger.post(address(authority, "/revoke"), {**ticked, **WORDS, "count": "2"})
    assert answer.status_code == 404
    assert client.post(address(authority, "/revoke"), {**ticked, **WORDS, "count": "2"}).status_code == 302
    work(authority)
    assert states(authority) == ["revoked", "valid", "revoked"]


MISTYPED = [
    *("from=2026-13-40", "to=yesterday", "status=vaild", "statsu=valid", "form=2026-01-01"),
    *("status=valid&status=revoked", "from=2026-01-01&to=01.02.26x", f"q={'x' * 121}"),
]


@pytest.mark.parametrize("query", MISTYPED)
def test_a_filter_that_cannot_be_read_revokes_nothing(authority, staff_client, query):
    make_cards(authority, 3)
    staff = staff_client(Role.ADMINISTRATOR)
    path = address(authority, "/revoke") + f"?{query}"
    page = staff.get(path).content.decode()
    assert "A filter cannot be read" in page and "Type “revoke”" not in page
    staff.post(path, {**WORDS, "count": "3"})
    staff.post(path, {**WORDS, "count": "0"})
    work(authority)
    assert states(authority) == ["valid"] * 3
    assert "A filter cannot be read" in staff.get(address(authority, f"?{query}")).content.decode()


def test_a_card_that_came_while_somebody_looked_is_not_revoked_unseen(authority, staff_client):
    make_cards(authority, 2)
    client = staff_client(Role.OWNER, authority)
    assert "every card of your organisation" in text_of(client, address(authority, "/revoke"))
    make_cards(authority, 1)
    answer = client.post(address(authority, "/revoke"), {**WORDS, "count": "2"}).content.decode()
    assert "The number of cards changed while you looked" in answer and "3 cards are worthless" in answer
    assert 'name="count" value="3"' in answer
    work(authority)
    assert states(authority) == ["valid"] * 3


@pytest.mark.parametrize(
    "sent", [{"word": "revoke"}, {"word": "yes", "reason": "Stolen."}, {**WORDS, "count": "x"}]
)
def test_without_a_reason_the_word_and_a_number_nothing_is_revoked(authority, staff_client, sent):
    make_cards(authority, 1)
    client = staff_client(Role.OWNER, authority)
    answer = client.post(address(authority, "/revoke"), {"count": "1", **sent})
    assert answer.status_code == 200
    work(authority)
    assert states(authority) == ["valid"]


def test_who_only_looks_has_no_boxes_and_no_way_to_revoke(authority, staff_client):
    make_cards(authority, 1)
    auditor = staff_client(Role.AUDITOR, authority)
    assert "row-check" not in text_of(auditor, address(authority))
    assert auditor.get(address(authority, "/revoke")).status_code == 403
    assert auditor.post(address(authority, "/revoke"), {**WORDS, "count": "1"}).status_code == 403
    assert states(authority) == ["valid"]


def test_a_worker_that_dies_after_a_batch_is_stood_in_for(authority, monkeypatch):
    monkeypatch.setattr(revoking, "BATCH", 4)
    make_cards(authority, 10)
    row = begin(authority, 10)
    assert revoking.revoke_next(authority.id, row.id)
    with tenant_scope(authority.id):
        Outbox.objects.filter(topic="verified_id.revoke_chosen", tenant_id=authority.id).delete()
        revoking.take_up_again()
    work(authority)
    assert states(authority).count("revoked") == 4
    with clock.frozen(clock.now() + timedelta(minutes=3)), tenant_scope(authority.id):
        revoking.take_up_again()
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        work(authority)
    assert states(authority) == ["revoked"] * 10
    with tenant_scope(authority.id):
        assert AuditEvent.objects.filter(name="verified_id:credentials:revoke").count() == 1


def test_two_confirmations_and_two_workers_at_once_do_it_once(authority, monkeypatch):
    monkeypatch.setattr(revoking, "BATCH", 3)
    make_cards(authority, 20)

    def confirm(_number: int) -> UUID:
        try:
            return begin(authority, 20).id
        finally:
            connection.close()

    def revoke(_number: int) -> None:
        try:
            work(authority)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(confirm, range(4)))) == 1
        list(pool.map(revoke, range(4)))
    work(authority)
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        with tenant_scope(authority.id):
            revoking.take_up_again()
        work(authority)
    assert states(authority) == ["revoked"] * 20
    with tenant_scope(authority.id):
        assert AuditEvent.objects.filter(name="verified_id:credentials:revoke").count() == 1
        assert BulkRevocation.objects.get().done == 20


def test_more_than_one_move_takes_is_refused_in_a_sentence(authority, staff_client, monkeypatch):
    monkeypatch.setattr(revoking, "MOST", 2)
    make_cards(authority, 3)
    client = staff_client(Role.OWNER, authority)
    answer = client.post(address(authority, "/revoke"), {**WORDS, "count": "3"})
    assert "Choose a shorter time" in answer.content.decode()
    assert states(authority) == ["valid"] * 3
