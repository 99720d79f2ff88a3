"""Keys of a partner are changed while people are there: tested first, kept for a while, switched back."""

from __future__ import annotations

import hashlib
import hmac
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.vendors.conftest import work
from tests.vendors.rest_journey import RestJourney
from vendors import services
from vendors.context import open_secrets
from vendors.models import Connection, PartnerKeys
from vendors.rotating import destroy_when_over

SEALED = b"a simulator holds nothing that is worth a secret"
ROLLED = "rk_test_" + hmac.new(SEALED, b"stripe rolled key", hashlib.sha256).hexdigest()[:40]
NEW_SECRET = "whsec_of_the_new_endpoint"


class Keys(RestJourney):
    """What an administrator does on the page of keys."""

    connection: Connection

    def base(self) -> str:
        return f"/o/{self.tenant.slug}/partners/stripe_identity/keys"

    def enter(self, client, seen="", **given):
        if not seen:
            page = client.get(self.base())
            seen = page.context["form"].fields["seen"].initial
        return client.post(self.base(), {"api_key": "", "webhook_secret": "", "seen": seen, **given})

    def rows(self):
        with tenant_scope(self.tenant.id):
            return list(PartnerKeys.objects.order_by("created_at", "id"))

    def waiting(self):
        return next(row for row in self.rows() if row.replaced_at is None)

    def former(self):
        return [row for row in self.rows() if row.replaced_at is not None]

    def use(self, client, row):
        return client.post(f"{self.base()}/use", {"set": row.set_id.hex}, follow=True).content.decode()

    def in_use(self):
        with tenant_scope(self.tenant.id):
            return open_secrets(Connection.objects.get(id=self.connection.id))

    def rotate(self, client, **given):
        self.enter(client, **(given or {"api_key": ROLLED}))
        work(self.tenant)
        self.use(client, self.waiting())
        work(self.tenant)


@pytest.fixture
def keys(tenant, simulators):
    made = Keys(tenant, simulators["stripe_identity"])
    made.connection = made.connect()
    return made


@pytest.fixture
def admin(staff_client):
    return staff_client(Role.ADMINISTRATOR)


def test_new_keys_are_tested_beside_the_ones_in_use_and_put_into_use_by_one_press(keys, admin, caplog):
    caplog.set_level(logging.DEBUG)
    first = keys.in_use()
    assert keys.enter(admin, api_key=ROLLED).status_code == 302
    waiting = admin.get(keys.base()).content.decode()
    assert "Being tested" in waiting and 'hx-trigger="every 1s"' in waiting
    assert "being tested. Nothing" in keys.use(admin, keys.waiting()) and keys.in_use() == first
    work(keys.tenant)
    state = admin.get(f"{keys.base()}/state").content.decode()
    assert "They work" in state and "hx-trigger" not in state
    assert keys.in_use() == first and keys.former() == []
    row = keys.waiting()
    for _twice in range(2):
        page = keys.use(admin, row)
    assert "you can switch back" in page and "Former keys" in page
    assert keys.in_use() == {**first, "api_key": ROLLED}
    work(keys.tenant)
    with tenant_scope(keys.tenant.id):
        assert Connection.objects.get(id=keys.connection.id).status == "ready"
    (used,) = keys.events("partner:keys:use")
    assert used["settings"] == ["api_key"]
    assert ROLLED.encode() not in bytes(row.secrets_sealed) and ROLLED not in repr(row)
    assert ROLLED not in page and ROLLED not in caplog.text
    told = [event for name in ("enter", "test", "use") for event in keys.events(f"partner:keys:{name}")]
    assert len(told) == 3 and ROLLED not in str(told)


def test_keys_the_partner_refuses_are_destroyed_and_the_ones_in_use_stay(keys, admin):
    first = keys.in_use()
    keys.enter(admin, api_key="rk_test_mistyped")
    work(keys.tenant)
    page = admin.get(keys.base()).content.decode()
    assert "The partner does not accept this key." in page and "stay in use" in page
    row = keys.waiting()
    assert row.secrets_sealed is None and keys.in_use() == first
    assert "not kept any more" in keys.use(admin, row) and keys.in_use() == first
    with tenant_scope(keys.tenant.id):
        connection = Connection.objects.get(id=keys.connection.id)
    assert (connection.status, connection.problems) == ("ready", [])
    (event,) = keys.events("partner:keys:refuse")
    assert event["problems"] == ["api_key:key_refused"]
    admin.post(f"{keys.base()}/discard", {"set": row.set_id.hex})
    assert keys.rows() == []


def test_a_partner_that_is_down_says_nothing_about_keys(keys, admin):
    keys.simulator.misbehave("down")
    keys.enter(admin, api_key=ROLLED)
    work(keys.tenant, rounds=1)
    assert keys.waiting().tested_at is None
    keys.simulator.misbehave()
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        work(keys.tenant)
    assert keys.waiting().problems == [] and keys.waiting().tested_at is not None


def test_who_is_at_the_partner_goes_on_with_the_keys_they_began_with(keys, admin):
    attempt_id = keys.begin(keys.connection)
    keys.finish(attempt_id)
    # The new key is another account's: it knows nothing of the session.
    keys.rotate(admin)
    keys.simulator.misbehave("another_account")
    assert keys.hook(keys.connection, keys.event(attempt_id, "evt_1")) == (200, b"kept\n")
    work(keys.tenant)
    assert keys.state(attempt_id).outcome == "verified"


def test_who_began_with_keys_that_were_revoked_early_goes_on_with_the_ones_in_use(keys, admin):
    attempt_id = keys.begin(keys.connection)
    keys.finish(attempt_id)
    keys.rotate(admin)
    keys.simulator.misbehave("key_revoked")
    keys.hook(keys.connection, keys.event(attempt_id, "evt_1"))
    work(keys.tenant)
    with clock.frozen(clock.now() + timedelta(seconds=5)):
        work(keys.tenant)
    assert keys.state(attempt_id).outcome == "verified"
    with tenant_scope(keys.tenant.id):
        assert Connection.objects.get(id=keys.connection.id).status == "ready"


def test_webhooks_are_believed_under_both_secrets_while_the_former_one_is_kept(keys, admin):
    attempt_id = keys.begin(keys.connection)
    body = [keys.event(attempt_id, f"evt_{number}") for number in range(4)]
    keys.enter(admin, webhook_secret=NEW_SECRET)
    work(keys.tenant)
    new, old = {"secret": NEW_SECRET}, {}
    assert keys.hook(keys.connection, body[0], keys.sign(body[0], **new))[0] == 400
    keys.use(admin, keys.waiting())
    for number, secret in ((1, new), (2, old)):
        signed = keys.sign(body[number], **secret)
        assert keys.hook(keys.connection, body[number], signed) == (200, b"kept\n")
    assert keys.hook(keys.connection, body[3], keys.sign(body[3], secret="whsec_x"))[0] == 400
    moment = clock.now()
    for hours, kept in (
        (3, 1),
        (4, 0),
    ):  # the session runs out at three, and may be erased there a while after
        with clock.frozen(moment + timedelta(hours=hours)):
            work(keys.tenant)
        assert len(keys.former()) == kept
    assert keys.hook(keys.connection, body[3])[0] == 400
    assert keys.hook(keys.connection, body[3], keys.sign(body[3], **new))[0] == 200


def test_one_press_switches_back_and_forth_while_both_are_kept(keys, admin):
    first = keys.in_use()
    keys.rotate(admin)
    (former,) = keys.former()
    keys.use(admin, former)
    assert keys.in_use() == first
    (newer,) = keys.former()
    keys.use(admin, newer)
    assert keys.in_use()["api_key"] == ROLLED and len(keys.rows()) == 1
    assert len(keys.events("partner:keys:restore")) == 2


def test_former_keys_are_kept_for_whoever_is_there_and_then_destroyed(keys, admin):
    attempt_id = keys.begin(keys.connection)
    keys.rotate(admin)
    assert "1 person who began with them" in admin.get(keys.base()).content.decode()
    moment = clock.now()
    with tenant_scope(keys.tenant.id):
        type(keys.row(attempt_id)).objects.filter(id=attempt_id).update(expires_at=moment + timedelta(days=9))
    (former,) = keys.former()
    for hours, kept in ((1.1, 1), (20, 1), (24.1, 0)):
        with clock.frozen(moment + timedelta(hours=hours)), tenant_scope(keys.tenant.id):
            destroy_when_over(former.id)
        assert len(keys.former()) == kept
    assert keys.events("partner:keys:destroy")[-1]["settings"] == ["api_key"]


def test_changed_settings_and_a_removed_partner_leave_no_keys_beside(keys, admin):
    keys.rotate(admin)
    keys.enter(admin, webhook_secret=NEW_SECRET)
    assert len(keys.rows()) == 2
    keys.connect()
    assert keys.rows() == []
    keys.enter(admin, webhook_secret=NEW_SECRET)
    with tenant_scope(keys.tenant.id):
        services.remove_partner(keys.connection.id, actor=SYSTEM)
    assert keys.rows() == []
    work(keys.tenant)


def test_a_colleague_who_was_faster_is_told_and_not_overwritten(keys, admin, staff_client):
    seen = admin.get(keys.base()).context["form"].fields["seen"].initial
    keys.enter(staff_client(Role.OWNER), api_key=ROLLED)
    page = keys.enter(admin, seen=seen, api_key="rk_test_of_another").content.decode()
    assert "A colleague changed these keys" in page and "rk_test_of_another" not in page
    assert len(keys.rows()) == 1
    work(keys.tenant)
    row = keys.waiting()
    keys.use(staff_client(Role.OWNER), row)
    refused = admin.post(f"{keys.base()}/discard", {"set": row.set_id.hex}, follow=True).content.decode()
    assert "put these keys into use" in refused and keys.in_use()["api_key"] == ROLLED


def test_many_presses_at_once_are_one(keys, admin):
    keys.enter(admin, api_key=ROLLED)
    work(keys.tenant)
    row = keys.waiting()

    def press(_number):
        try:
            with tenant_scope(keys.tenant.id):
                services.use_keys(keys.connection.id, row.set_id, actor=SYSTEM)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(press, range(8)))
    assert len(keys.events("partner:keys:use")) == 1 and len(keys.former()) == 1


def test_nothing_new_is_refused_and_nobody_else_opens_the_page(keys, admin, staff_client, other_tenant):
    assert "at least one key" in keys.enter(admin).content.decode()
    assert "at least one key" in keys.enter(admin, api_key=keys.in_use()["api_key"]).content.decode()
    with tenant_scope(keys.tenant.id), pytest.raises(Invalid, match="keys_not_new"):
        services.enter_keys(keys.connection.id, secrets={}, actor=SYSTEM)
    for client, status in ((staff_client(Role.AUDITOR), 403), (staff_client(Role.OWNER, other_tenant), 404)):
        assert client.get(keys.base()).status_code == status
        for verb in ("use", "discard"):
            told = {"set": keys.connection.id.hex}
            assert client.post(f"{keys.base()}/{verb}", told).status_code == status
    assert admin.get(f"/o/{keys.tenant.slug}/partners/house/keys").status_code == 404
    own = staff_client(Role.OWNER, other_tenant)
    there = f"/o/{other_tenant.slug}/partners/stripe_identity/keys"
    assert own.get(there).status_code == 404
