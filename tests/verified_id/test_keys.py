"""Signing keys: published before they sign, kept while needed, gone at once when they leaked; their status lists."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import NotHere
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.verified_id import credentials, rotation, signing
from tenants.verified_id.models import Credential, SigningKey, StatusList
from tenants.verified_id.protocol.status_list import decode_status_list, unpack_status
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of
from tests.recovery.racing import race
from tests.verified_id.test_flow import authority, issued

__all__ = ["authority"]


def header_of(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    told: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return told


def payload_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    told: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return told


def published(tenant: Tenant) -> set[str]:
    return {
        method["id"] for method in client_of(tenant).get("/.well-known/did.json").json()["verificationMethod"]
    }


def rotate(tenant: Tenant, *, at_once: bool = False) -> str:
    with tenant_scope(tenant.id):
        return rotation.rotate_key(actor=SYSTEM, at_once=at_once).kid


def states(tenant: Tenant) -> dict[str, str]:
    with tenant_scope(tenant.id):
        return dict(SigningKey.objects.values_list("kid", "state"))


def status_of(tenant: Tenant, credential: str) -> tuple[int, str]:
    """What the public list says of it, and the key that says so."""
    named = payload_of(credential.split("~")[0])["status"]["status_list"]
    token = client_of(tenant).get("/status/" + named["uri"].rpartition("/")[2]).content.decode()
    bits, packed = decode_status_list(payload_of(token)["status_list"])
    return unpack_status(packed, named["idx"], bits), header_of(token)["kid"]


def test_a_new_key_is_published_before_it_signs_and_the_old_one_signs_until_then(authority: Tenant) -> None:
    (old,) = published(authority)
    new = rotate(authority)
    assert published(authority) == {old, new}
    assert header_of(issued(authority).credentials[0])["kid"] == old
    with tenant_scope(authority.id):
        waits = SigningKey.objects.get(kid=new)
        assert waits.signs_from is not None and waits.signs_from - clock.now() > timedelta(minutes=9)
        SigningKey.objects.filter(kid=new).update(signs_from=clock.now())
    assert header_of(issued(authority).credentials[0])["kid"] == new
    assert states(authority) == {old: "retired", new: "active"}
    assert published(authority) == {old, new}


def test_asking_again_while_a_key_waits_makes_no_other(authority: Tenant) -> None:
    assert rotate(authority) == rotate(authority)
    found = race(lambda _n: rotate(authority), times=4, threads=4)
    assert len(found) == 1 and len(states(authority)) == 2


def test_many_who_need_a_due_key_at_once_agree_on_it(authority: Tenant) -> None:
    new = rotate(authority)
    with tenant_scope(authority.id):
        SigningKey.objects.filter(state="pending").update(signs_from=clock.now())

    def sign(_number: int) -> str:
        with tenant_scope(authority.id):
            return signing.active_key().kid

    assert race(sign, times=8, threads=8) == {new: 8}


def test_the_clock_lets_a_due_key_take_over_without_a_wallet(authority: Tenant) -> None:
    new = rotate(authority)
    with clock.frozen(clock.now() + rotation.OVERLAP), tenant_scope(authority.id):
        rotation.use_due_keys()
    assert states(authority)[new] == "active"


def test_a_retired_key_leaves_when_the_last_card_it_signed_has_expired(authority: Tenant) -> None:
    (old,) = published(authority)
    issued(authority)
    rotate(authority, at_once=True)
    with clock.frozen(clock.now() + timedelta(days=364)):
        assert old in published(authority)
    with clock.frozen(clock.now() + timedelta(days=366)):
        assert old not in published(authority)


def test_each_key_signs_the_list_of_its_own_cards(authority: Tenant) -> None:
    first = issued(authority).credentials[0]
    rotate(authority, at_once=True)
    second = issued(authority).credentials[0]
    for credential in (first, second):
        assert status_of(authority, credential) == (0, header_of(credential)["kid"])
    assert header_of(first)["kid"] != header_of(second)["kid"]


def test_a_leaked_key_is_gone_at_once_and_all_it_signed_is_void(authority: Tenant) -> None:
    wallet = issued(authority)
    lost, (old,) = wallet.credentials[0], published(authority)
    issued(authority)
    with tenant_scope(authority.id):
        done = rotation.revoke_key(SigningKey.objects.get().id, actor=SYSTEM, words="laptop stolen")
        assert done.revoked == 2 and SigningKey.objects.get(kid=old).private_sealed is None
        assert set(Credential.objects.values_list("state", "state_reason")) == {
            ("revoked", "key_compromised")
        }
        event = AuditEvent.objects.filter(name="verified_id:credentials:revoke").get()
        assert event.data["count"] == 2 and event.personal_digest
    assert published(authority) == {done.successor.kid}
    assert status_of(authority, lost) == (1, done.successor.kid)
    assert header_of(issued(authority).credentials[0])["kid"] == done.successor.kid


def test_a_retired_key_that_leaked_takes_its_own_cards_and_leaves_the_others(authority: Tenant) -> None:
    issued(authority)
    (old,) = published(authority)
    rotate(authority, at_once=True)
    issued(authority)
    with tenant_scope(authority.id):
        key = SigningKey.objects.get(kid=old)
        assert (rotation.cards_of_key(key.id), rotation.revoke_key(key.id, actor=SYSTEM).revoked) == (1, 1)
        assert rotation.revoke_key(key.id, actor=SYSTEM).revoked == 0
        assert sorted(Credential.objects.values_list("state", flat=True)) == ["revoked", "valid"]


def test_a_key_of_another_tenant_is_unknown(authority: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        key = SigningKey.objects.get()
    with tenant_scope(authority.id), pytest.raises(NotHere):
        rotation.revoke_key(key.id, actor=SYSTEM)


def test_a_suspended_card_reads_two_and_comes_back(authority: Tenant) -> None:
    card = issued(authority).credentials[0]
    with tenant_scope(authority.id):
        row = Credential.objects.get()
        credentials.suspend_credential(row.id, reason="suspended_by_member", actor=SYSTEM)
    assert status_of(authority, card)[0] == 2
    with tenant_scope(authority.id):
        credentials.reinstate_credential(row.id, actor=SYSTEM)
    assert status_of(authority, card)[0] == 0


def test_a_status_list_is_signed_once_and_not_sent_twice_to_who_has_it(authority: Tenant) -> None:
    issued(authority)
    with tenant_scope(authority.id):
        path = "/status/" + StatusList.objects.get().id.hex
    client = client_of(authority)
    first, second = client.get(path), client.get(path)
    assert first.content == second.content and first.headers["Cache-Control"] == "public, max-age=60"
    for known in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        kept = client.get(path, headers={"If-None-Match": known})
        assert (kept.status_code, kept.content, kept.headers["ETag"]) == (304, b"", first.headers["ETag"])
    with tenant_scope(authority.id):
        credentials.revoke_credential(Credential.objects.get().id, reason="test", actor=SYSTEM)
    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200 and changed.headers["ETag"] != first.headers["ETag"]
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert client.get(path).headers["ETag"] != changed.headers["ETag"]


def test_a_list_that_is_not_there_is_not_found_whatever_it_is_called(authority: Tenant) -> None:
    for name in ("x", "0" * 32, "é", "a" * 500):
        assert client_of(authority).get(f"/status/{name}").status_code == 404
