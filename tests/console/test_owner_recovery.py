"""An owner without passkey and codes gets a way back from an operator, and whoever is told can stop it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.core import mail
from django.core.management import call_command
from django.test import Client, RequestFactory

from portal.console.owner_recovery import OPEN_FOR, WAIT
from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Member, OwnerRecovery, Tenant, User
from tenants.rights import Role
from tests.conftest import make_member, site_client
from tests.console.conftest import code_in, link_in, newest_mail

REASON = "Seen on video with passport, called back at the number of the contract."
Asked = tuple[int, dict[str, Any], str]


@pytest.fixture
def lost(tenant: Tenant, owner: Member) -> User:
    """The owner, whose passkey is gone."""
    user = User.objects.get(id=owner.user_id)
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    EmailAddress.objects.create(user=user, email=f"second-{user.email}", verified=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Passkey 1"})
    return user


@pytest.fixture
def ask(tenant: Tenant, lost: User) -> Callable[..., Asked]:
    def asked(owner: str = lost.email, reason: str = REASON, slug: str = tenant.slug) -> Asked:
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit) as left:
            arguments = ("--tenant", slug, "--owner", owner, "--reason", reason, "--json")
            call_command("recover_owner", *arguments, stdout=out, stderr=err)
        return int(left.value.code or 0), json.loads(out.getvalue() or "{}"), err.getvalue().strip()

    return asked


def path_of(told: dict[str, Any]) -> str:
    return link_in(told["link"])


def names(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant.id):
        found = AuditEvent.objects.filter(name__startswith="member:owner_recovery").order_by("created_at")
        return [(event.name.rpartition(":")[2], event.actor_kind) for event in found]


def try_code(path: str, user: User, browser: Client, code: str = "") -> Any:
    browser.post(path)
    return browser.post(f"{path}/code", {"code": code or code_in(newest_mail(user.email))})


def test_after_a_day_and_a_code_the_owner_begins_anew(
    tenant: Tenant, lost: User, ask: Callable[..., Asked], owner_client: Client
) -> None:
    code, told, _ = ask()
    assert code == 0
    path, browser = path_of(told), site_client()
    assert "It does not open yet" in browser.get(path).content.decode()
    assert browser.post(path).status_code == 200 and OwnerRecovery.objects.get(user=lost).used_at is None
    with clock.frozen(clock.now() + WAIT):
        assert try_code(path, lost, browser).url == "/account/passkey"
        assert browser.get(path).status_code == 404
        assert browser.get(f"/o/{tenant.slug}/").status_code == 200
    lost.refresh_from_db()
    assert not lost.has_usable_password()
    assert owner_client.get(f"/o/{tenant.slug}/").status_code == 302
    assert names(tenant) == [("begin", "operator"), ("use", "member")]


def test_a_sign_in_that_stopped_at_the_lost_passkey_does_not_hold_up_the_next(
    lost: User, ask: Callable[..., Asked]
) -> None:
    path, browser = path_of(ask()[1]), site_client()
    values = {"login": lost.email, "password": "correct horse battery staple"}
    assert browser.post("/accounts/login/", values).url == "/accounts/2fa/authenticate/"
    with clock.frozen(clock.now() + WAIT):
        after = try_code(path, lost, browser).url
        assert browser.get(after).status_code == 200


def test_who_only_reads_the_mailbox_gets_no_further_than_before(
    lost: User, ask: Callable[..., Asked]
) -> None:
    """What was lost goes with the new passkey, and in the browser that came back."""
    path, owner, thief = path_of(ask()[1]), site_client(), site_client()
    before = set(Authenticator.objects.filter(user=lost).values_list("id", flat=True))
    with clock.frozen(clock.now() + WAIT):
        try_code(path, lost, owner)
        thief.post("/accounts/login/code/", {"email": lost.email})
        stopped = thief.post("/accounts/login/code/confirm/", {"code": code_in(newest_mail(lost.email))})
        assert stopped.url == "/accounts/2fa/authenticate/"
        assert before == set(Authenticator.objects.filter(user=lost).values_list("id", flat=True))
        made = Authenticator.objects.create(user=lost, type=Authenticator.Type.WEBAUTHN, data={})
        request = RequestFactory().get("/")
        request.session, request.user = owner.session, lost
        authenticator_added.send(Authenticator, request=request, user=lost, authenticator=made)
    assert set(Authenticator.objects.filter(user=lost).values_list("id", flat=True)) == {made.id}


def test_everybody_is_told_and_anybody_of_them_stops_it_by_one_press(
    tenant: Tenant, lost: User, ask: Callable[..., Asked]
) -> None:
    """Also owners of the other organisations that the account opens. Opening the address changes nothing."""
    other = User.objects.get(id=make_member(tenant, Role.OWNER).user_id)
    stranger = User.objects.get(id=make_member(tenant, Role.ADMINISTRATOR).user_id)
    _, told, _ = ask()
    words = newest_mail(other.email)
    addressed = {address for message in mail.outbox for address in message.to}
    assert {lost.email, f"second-{lost.email}", other.email} <= addressed and stranger.email not in addressed
    assert path_of(told) not in words
    stopping, browser = link_in(words), site_client()
    for _ in range(2):
        assert "Stop it" in browser.get(stopping).content.decode()
    assert browser.get(path_of(told)).status_code == 200
    for _ in range(2):
        assert "It is stopped" in browser.post(stopping).content.decode()
    with clock.frozen(clock.now() + WAIT):
        assert browser.get(path_of(told)).status_code == 404
    assert Authenticator.objects.filter(user=lost).exists()
    assert names(tenant) == [("begin", "operator"), ("stop", "member")]
    assert "was stopped" in newest_mail(lost.email)


def test_wrong_codes_run_out_and_a_link_runs_out(lost: User, ask: Callable[..., Asked]) -> None:
    _, told, _ = ask()
    path, stopping, browser = path_of(told), link_in(newest_mail(lost.email)), site_client()
    with clock.frozen(clock.now() + WAIT):
        assert [try_code(path, lost, browser, "000000x").status_code for _ in range(6)][-1] == 429
        assert Authenticator.objects.filter(user=lost).exists()
    with clock.frozen(clock.now() + WAIT + OPEN_FOR):
        assert browser.get(path).status_code == 404
        assert "It is over" in browser.get(stopping).content.decode()


def test_who_is_no_owner_any_more_gets_no_way_in(
    tenant: Tenant, lost: User, ask: Callable[..., Asked]
) -> None:
    path = path_of(ask()[1])
    with tenant_scope(tenant.id):
        Member.objects.filter(user=lost).update(role=Role.AUDITOR)
    with clock.frozen(clock.now() + WAIT):
        assert try_code(path, lost, site_client()).status_code == 404
    assert Authenticator.objects.filter(user=lost).exists() and names(tenant) == [("begin", "operator")]


@pytest.mark.parametrize("came_back", [False, True])
def test_an_organisation_that_had_no_day_to_object_is_not_opened(
    other_tenant: Tenant, lost: User, ask: Callable[..., Asked], came_back: bool
) -> None:
    """A seat there that is new, or is given back: its owners knew nothing of it."""
    with tenant_scope(other_tenant.id):
        seat = Member.objects.create(
            user=lost, role=Role.OWNER, removed_at=clock.now(), created_at=clock.now() - WAIT
        )
        if not came_back:
            seat.delete()
    path = path_of(ask()[1])
    with tenant_scope(other_tenant.id):
        Member.objects.update_or_create(user=lost, defaults={"role": Role.OWNER, "removed_at": None})
    with clock.frozen(clock.now() + WAIT):
        assert try_code(path, lost, site_client()).status_code == 404
    assert Authenticator.objects.filter(user=lost).exists() and names(other_tenant) == []
    again = path_of(ask()[1])
    with clock.frozen(clock.now() + WAIT):
        assert try_code(again, lost, site_client()).status_code == 302


def test_a_second_one_ends_the_first(lost: User, ask: Callable[..., Asked]) -> None:
    first, second = path_of(ask()[1]), path_of(ask()[1])
    assert [site_client().get(path).status_code for path in (first, second)] == [404, 200]


def test_the_objection_to_the_first_stops_the_second(lost: User, ask: Callable[..., Asked]) -> None:
    """Whoever presses in the older mail is not told that it is stopped while another one goes on."""
    ask()
    stopping = link_in(newest_mail(lost.email))
    second, browser = path_of(ask()[1]), site_client()
    assert "Stop it" in browser.get(stopping).content.decode()
    assert "It is stopped" in browser.post(stopping).content.decode()
    assert browser.get(second).status_code == 404
    with clock.frozen(clock.now() + WAIT + OPEN_FOR):
        third = path_of(ask()[1])
        browser.post(stopping)
        assert browser.get(third).status_code == 200, "its own time is over"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": "lost it"}, "how you found out"),
        ({"owner": "nobody@nowhere.example"}, "No owner"),
        ({"slug": "no-such-place"}, "There is no organisation"),
    ],
)
def test_the_operator_says_whom_and_how_they_know(
    lost: User, ask: Callable[..., Asked], change: dict[str, str], words: str
) -> None:
    code, told, said = ask(**change)
    assert code == 1 and words in said and told == {}
    assert not OwnerRecovery.objects.filter(user=lost).exists()


def test_a_closed_organisation_gives_no_way_in(tenant: Tenant, lost: User, ask: Callable[..., Asked]) -> None:
    Tenant.objects.filter(id=tenant.id).update(status=Tenant.Status.CLOSED)
    code, _, said = ask()
    assert code == 1 and "closed" in said and not OwnerRecovery.objects.filter(user=lost).exists()


def test_who_lost_nothing_is_sent_to_the_ordinary_way(lost: User, ask: Callable[..., Asked]) -> None:
    Authenticator.objects.filter(user=lost).delete()
    code, _, said = ask()
    assert code == 1 and "signs in with a code by mail" in said
