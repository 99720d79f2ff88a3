"""A connection tried against the simulator, and what becomes of its requests when somebody answers them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.entra import client, receiving, requests, services, tokens
from tenants.verified_id.entra.models import EntraCallback, EntraConnection, EntraRequest
from tests.recovery.racing import race
from tests.sandboxes.entra_served import EntraSimulator
from tests.verified_id.entra.conftest import Relay, deliver, request_of, work

Connect = Callable[..., list[dict[str, Any]]]


def page_of(tenant: Tenant, staff: Client, path: str = "") -> str:
    return staff.get(f"/o/{tenant.slug}/verified-id/entra{path}").content.decode()


def problems(found: list[dict[str, Any]]) -> list[str]:
    return [f"{one['step']}:{one['problem']}:{one['setting']}" for one in found if not one["ok"]]


def test_a_connection_that_is_right_is_accepted_at_every_step(
    tenant: Tenant, connect: Connect, staff_client: Callable[..., Client]
) -> None:
    assert [one["ok"] for one in connect()] == [True] * 4
    page = page_of(tenant, staff_client(Role.ADMINISTRATOR))
    assert "Everything was accepted" in page and "Recoveries do not use it" in page
    assert page.count("Open it in the simulator") == 2 and "A simulator answers" in page
    assert "sim8Q~" not in page
    seen = page_of(tenant, staff_client(Role.AUDITOR))
    assert "Everything was accepted" in seen
    assert "Open it" not in seen and "pin" not in seen and "sim8Q~" not in seen


def test_recoveries_need_the_records_and_a_member_who_says_so(
    tenant: Tenant, connect: Connect, entra: EntraSimulator, staff_client: Any
) -> None:
    of_records = {"authority_id": entra.known["authority_id"], "mark_claim": "cardId"}
    staff, path = staff_client(Role.ADMINISTRATOR), f"/o/{tenant.slug}/verified-id/entra/use"
    connect()
    assert "tested first" in staff.get(path).content.decode()
    assert staff.post(path, {"word": "use"}).status_code == 200
    assert problems(connect("May not see records", **of_records)) == ["records:records_refused:"]
    assert problems(connect("May not revoke", **of_records)) == ["records:records_refused:revoke"]
    elsewhere = of_records | {"authority_id": "00000000-0000-0000-0000-000000000000"}
    assert problems(connect(**elsewhere)) == ["records:setting_refused:authority_id"]
    assert [one["ok"] for one in connect(**of_records)] == [True] * 5
    assert "charges you for each one it compares" in staff.get(path).content.decode()
    assert staff.post(path, {"word": "yes"}).status_code == 200
    assert staff.post(path, {"word": "use"}).status_code == 302
    assert "Recoveries use it" in page_of(tenant, staff)
    with tenant_scope(tenant.id):
        row = services.connection()
        assert row is not None and row.used_since is not None
        kept = services.connect(
            given=services.settings_of(row) | {"photo_claim": "photo"}, secret="", actor=SYSTEM
        )
        assert kept.used_since is not None
        # Another authority is another issuer: somebody has to say so again.
        other = services.settings_of(row) | {"authority": "did:web:other.example"}
        assert services.connect(given=other, secret="", actor=SYSTEM).used_since is None


def test_a_missing_permission_is_named(tenant: Tenant, connect: Connect, staff_client: Any) -> None:
    found = connect("May only issue")
    assert problems(found) == [
        "permission:permission_missing_presentation:",
        "presentation:permission_missing:",
    ]
    assert "may offer cards and not ask for them" in page_of(tenant, staff_client())
    assert problems(connect("Nothing is granted")) == [
        *(
            "permission:permission_missing:",
            "presentation:permission_missing:",
            "issuance:permission_missing:",
        )
    ]
    assert "VerifiableCredential.Create.All" in page_of(tenant, staff_client())


WRONG = [
    ({"secret": "wrong"}, ["token:secret_wrong:"]),
    ({"client_id": "00000000-0000-0000-0000-000000000000"}, ["token:client_unknown:"]),
    ({"directory": "00000000-0000-0000-0000-000000000000"}, ["token:directory_unknown:"]),
    (
        {"authority": "did:web:somebody.else.example"},
        ["presentation:setting_refused:authority", "issuance:setting_refused:authority"],
    ),
    ({"credential_type": "Another"}, ["issuance:setting_refused:credential_type"]),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=[str(row[1][0]) for row in WRONG])
def test_a_wrong_setting_is_named(connect: Connect, changes: dict[str, Any], expected: list[str]) -> None:
    assert problems(connect(**changes)) == expected


def test_a_card_that_is_shown_with_a_face_is_accepted(
    tenant: Tenant, connect: Connect, entra: EntraSimulator, relay: Relay, staff_client: Any
) -> None:
    connect()
    entra.show_card(request_of(tenant, "presentation").service_id, 86.314159)
    for sent in relay.wait(2):
        assert deliver(tenant, sent).status_code == 200
    work(tenant)
    row = request_of(tenant, "presentation")
    assert (row.state, row.confidence, row.problem) == ("done", Decimal("86.314"), "")
    (shown,) = json.loads(relay.sent[1].body)["verifiedCredentialsData"]
    names = {str(shown["claims"][name]) for name in ("firstName", "lastName")}
    assert row.link_sealed is None and all(names)
    with tenant_scope(tenant.id):
        assert [each.body_sealed for each in EntraCallback.objects.all()] == [None, None]
    page = page_of(tenant, staff_client())
    assert "The live face is 86.3 like the photo; 70 was asked for." in page
    assert not [name for name in names if name in page]


def test_a_face_that_is_too_unlike_and_a_refusal_are_told_apart(
    tenant: Tenant, connect: Connect, entra: EntraSimulator, relay: Relay
) -> None:
    connect()
    entra.show_card(request_of(tenant, "presentation").service_id, 69)
    entra.act(request_of(tenant, "issuance").service_id, "refuse")
    for sent in relay.wait(3):
        deliver(tenant, sent)
    work(tenant)
    found = {kind: request_of(tenant, kind) for kind in ("presentation", "issuance")}
    assert {kind: (row.state, row.problem) for kind, row in found.items()} == {
        "presentation": ("failed", "face_too_unlike"),
        "issuance": ("failed", "declined"),
    }


def test_an_offer_is_taken_with_the_pin_that_the_page_shows(
    tenant: Tenant, connect: Connect, entra: EntraSimulator, relay: Relay, staff_client: Any
) -> None:
    connect()
    row = request_of(tenant, "issuance")
    with tenant_scope(tenant.id):
        pin = requests.pin_of(row)
    assert pin in page_of(tenant, staff_client())
    assert "issuance_successful" in entra.take_card(row.service_id, pin)
    for sent in relay.wait(2):
        deliver(tenant, sent)
    work(tenant)
    row = request_of(tenant, "issuance")
    assert row.state == "done" and row.pin_sealed is None
    assert "The app took the card." in page_of(tenant, staff_client())


# Callbacks that are not what they should be -------------------------------------------------------------------------


@pytest.fixture
def shown(tenant: Tenant, connect: Connect, entra: EntraSimulator, relay: Relay) -> Relay:
    connect()
    entra.show_card(request_of(tenant, "presentation").service_id)
    relay.wait(2)
    return relay


def test_without_the_key_of_the_request_nobody_is_heard(
    tenant: Tenant, other_tenant: Tenant, shown: Relay
) -> None:
    sent = shown.sent[1]
    strange = f"/entra/callbacks/{'0' * 32}"
    answers = [
        deliver(tenant, sent, key="wrong"),
        deliver(tenant, sent, key=None),
        deliver(tenant, sent, key=""),
        deliver(tenant, sent, path=strange),
        deliver(tenant, sent, path="/entra/callbacks/x"),
        deliver(other_tenant, sent),
        # Another request's key, on the same tenant.
        deliver(tenant, sent, path=sent.path[:-32] + request_of(tenant, "issuance").id.hex),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, b"not authenticated\n")}
    with tenant_scope(tenant.id):
        assert not EntraCallback.objects.exists()


def test_strangers_are_slowed_down_and_the_holder_of_the_key_is_not(
    tenant: Tenant, shown: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "STRANGERS", Limit(f"strangers_{tenant.slug}", 2, 600))
    assert [deliver(tenant, shown.sent[0], key="no").status_code for _ in range(3)] == [401, 401, 429]
    assert deliver(tenant, shown.sent[0]).status_code == 200


def test_a_callback_that_is_none_is_refused(tenant: Tenant, shown: Relay) -> None:
    sent = shown.sent[1]
    whole = json.loads(sent.body)

    def but(**changes: Any) -> bytes:
        return json.dumps(whole | changes).encode()

    bad = {
        "json": b"{",
        "list": b"[]",
        "deep": b'{"a":' * 200_000,
        "nested": json.dumps({"requestId": [[[[[[[[[[[[[1]]]]]]]]]]]]]}).encode(),
        "twice": sent.body[:-1] + b',"requestId":"x"}',
        "nan": sent.body[:-1] + b',"x":NaN}',
        "state": but(state="another"),
        "request": but(requestId="another"),
        "kind": but(requestStatus="issuance_successful"),
        "status": but(requestStatus="approved"),
        "type": but(requestStatus=["presentation_verified"]),
    }
    answers = {name: deliver(tenant, sent, body=body).status_code for name, body in bad.items()}
    assert answers == dict.fromkeys(bad, 400)
    assert deliver(tenant, sent, body=b" " * 6_000_001).status_code == 413
    with tenant_scope(tenant.id):
        assert not EntraCallback.objects.exists()


def test_a_replay_adds_nothing_and_after_the_end_nothing_counts(tenant: Tenant, shown: Relay) -> None:
    opened, verified = shown.sent
    assert [deliver(tenant, verified).status_code for _ in range(3)] == [200] * 3
    work(tenant)
    assert request_of(tenant, "presentation").state == "done"
    assert deliver(tenant, verified).status_code == 200
    assert deliver(tenant, opened).status_code == 409
    failed = json.loads(verified.body) | {"requestStatus": "presentation_error"}
    assert deliver(tenant, verified, body=json.dumps(failed).encode()).status_code == 409
    work(tenant)
    assert request_of(tenant, "presentation").state == "done"
    with tenant_scope(tenant.id):
        assert EntraCallback.objects.count() == 1


def test_callbacks_that_overtake_each_other_end_the_same(tenant: Tenant, shown: Relay) -> None:
    opened, verified = shown.sent
    assert deliver(tenant, verified).status_code == deliver(tenant, opened).status_code == 200
    work(tenant)
    assert request_of(tenant, "presentation").state == "done"


def test_the_same_callback_twice_at_once_is_kept_once(tenant: Tenant, shown: Relay) -> None:
    answers = race(lambda _: deliver(tenant, shown.sent[1]).status_code, times=4, threads=4)
    assert answers == {"200": 4}
    with tenant_scope(tenant.id):
        assert EntraCallback.objects.count() == 1


def test_a_result_that_comes_long_after_is_refused(tenant: Tenant, shown: Relay) -> None:
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert deliver(tenant, shown.sent[1]).status_code == 409


def test_a_callback_that_is_faster_than_our_own_answer_waits_for_it(tenant: Tenant, shown: Relay) -> None:
    row = request_of(tenant, "presentation")
    with tenant_scope(tenant.id):
        EntraRequest.objects.filter(id=row.id).update(state="asking", service_id="")
    assert deliver(tenant, shown.sent[1]).status_code == 200
    work(tenant)
    with tenant_scope(tenant.id):
        assert EntraCallback.objects.get().handled_at is None
        requests.move(row.id, EntraRequest.State.WAITING, service_id=row.service_id)
    work(tenant)
    assert request_of(tenant, "presentation").state == "done"


def test_a_result_for_another_request_changes_nothing(tenant: Tenant, shown: Relay) -> None:
    row = request_of(tenant, "presentation")
    with tenant_scope(tenant.id):
        EntraRequest.objects.filter(id=row.id).update(service_id="")
    deliver(tenant, shown.sent[1])
    with tenant_scope(tenant.id):
        EntraRequest.objects.filter(id=row.id).update(service_id="another-request")
    work(tenant)
    assert request_of(tenant, "presentation").state == "waiting"


# Tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_is_used_again_and_replaced_when_it_is_rejected(
    tenant: Tenant, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    fetched = []
    real = client.fetch_token
    monkeypatch.setattr(client, "fetch_token", lambda known, **more: fetched.append(1) or real(known, **more))
    held = tokens.hold(tenant.id)
    assert held is not None and "sim8Q" not in repr(held) and held.cached is not None
    requests.offer_card(held, claims={"firstName": "A", "lastName": "B"})
    assert fetched == []
    spoiled = client.Token(held.cached.value + "x", held.cached.expires_at)
    requests.offer_card(tokens.Held(held.row, held.tenant, held.credentials, spoiled), claims={})
    assert fetched == [1]
    old = client.Token(held.cached.value, clock.now() + timedelta(seconds=60))
    requests.offer_card(tokens.Held(held.row, held.tenant, held.credentials, old), claims={})
    assert fetched == [1, 1]


def test_a_changed_setting_forgets_the_token_and_what_was_found(tenant: Tenant, connect: Connect) -> None:
    connect()
    with tenant_scope(tenant.id):
        row = services.connection()
        assert row is not None and row.token_sealed is not None
        values = services.settings_of(row) | {"photo_claim": "photo"}
        changed = services.connect(given=values, secret="", actor=SYSTEM)
        assert changed.token_sealed is None and changed.found == [] and changed.tested_at is None
        assert EntraConnection.objects.count() == 1


def test_let_go_destroys_what_is_old(tenant: Tenant, shown: Relay) -> None:
    deliver(tenant, shown.sent[1])
    with tenant_scope(tenant.id):
        with clock.frozen(clock.now() + timedelta(hours=2)):
            services.destroy_old_requests()
        assert EntraCallback.objects.get().body_sealed is None
        with clock.frozen(clock.now() + timedelta(days=2)):
            services.destroy_old_requests()
        assert not EntraRequest.objects.exists() and not EntraCallback.objects.exists()
