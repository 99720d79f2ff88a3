"""Invitations, roles and seats."""

from __future__ import annotations

import html
import re
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, NotAllowed
from portal.kit.scope import tenant_scope
from tenants.membership import change_role, remove_member
from tenants.models import Invitation, Member, Tenant, User
from tenants.rights import RIGHTS, Role
from tests.conftest import make_member, site_client
from tests.console.conftest import client_of_member, link_in, newest_mail, sign_in


def address() -> str:
    return f"{secrets.token_hex(6)}@new.example"


def user_of(email: str, *, verified: bool = True) -> User:
    user = User.objects.create_user(email, "correct horse battery staple", name="Kim Muster")
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=verified)
    return user


def invite(client: Client, tenant: Tenant, email: str, role: Role = Role.AUDITOR) -> str:
    """The path in the mail."""
    answer = client.post(f"/o/{tenant.slug}/members/invite", {"email": email, "role": role})
    assert answer.status_code == 302, answer.content.decode()
    return link_in(newest_mail(email))


def role_in(tenant: Tenant, user: User) -> str | None:
    with tenant_scope(tenant.id):
        member = Member.objects.filter(user=user, removed_at=None).first()
        return member.role if member else None


def test_an_invited_colleague_signs_in_and_joins_in_the_role(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    path = invite(owner_client, tenant, email, Role.HELP_DESK)
    page = site_client().get(path).content.decode()
    assert "Create an account" in page and email in page
    user = user_of(email)
    client = sign_in(user)
    assert "Accept the invitation" in client.get(path).content.decode()
    assert client.post(f"{path}/accept")["Location"] == f"/o/{tenant.slug}/"
    assert role_in(tenant, user) == Role.HELP_DESK


def test_an_invitation_works_once(tenant: Tenant, owner_client: Client, owner: Member) -> None:
    email = address()
    path = invite(owner_client, tenant, email)
    user = user_of(email)
    client = sign_in(user)
    client.post(f"{path}/accept")
    with tenant_scope(tenant.id):
        remove_member(Member.objects.get(user=user).id, rights=RIGHTS[Role.OWNER], actor=SYSTEM)
    assert client.post(f"{path}/accept").status_code == 404
    assert role_in(tenant, user) is None


def test_whoever_has_no_name_is_asked_for_it_before_they_join(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    path = invite(owner_client, tenant, email)
    user = user_of(email)
    User.objects.filter(pk=user.pk).update(name="")
    client = sign_in(user)
    assert "Your name" in client.get(path).content.decode()
    for given in ({}, {"name": "  "}):
        page = client.post(f"{path}/accept", given)
        assert page.status_code == 200 and "This field is required" in page.content.decode()
    assert role_in(tenant, user) is None
    assert client.post(f"{path}/accept", {"name": "Grace Hopper"})["Location"] == f"/o/{tenant.slug}/"
    assert User.objects.get(pk=user.pk).name == "Grace Hopper"
    assert "Grace Hopper" in owner_client.get(f"/o/{tenant.slug}/members/").content.decode()


def test_an_invitation_accepted_twice_at_once_gives_one_seat(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    path = invite(owner_client, tenant, email)
    user = user_of(email)
    codes: list[int] = []

    def work() -> None:
        codes.append(sign_in(user).post(f"{path}/accept").status_code)
        connection.close()

    threads = [threading.Thread(target=work) for _one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [302, 404, 404, 404]


def test_somebody_else_cannot_use_the_invitation(tenant: Tenant, owner_client: Client) -> None:
    path = invite(owner_client, tenant, address())
    stranger = user_of(address())
    client = sign_in(stranger)
    assert "Accept the invitation" not in client.get(path).content.decode()
    assert client.post(f"{path}/accept").status_code == 403
    assert role_in(tenant, stranger) is None


def test_an_address_that_was_not_proven_does_not_count(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    path = invite(owner_client, tenant, email)
    user = user_of(email, verified=False)
    assert sign_in(user).post(f"{path}/accept").status_code == 403
    assert role_in(tenant, user) is None


def test_an_expired_invitation_does_not_open(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    path = invite(owner_client, tenant, email)
    client = sign_in(user_of(email))
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)):
        assert client.get(path).status_code == 404
        assert client.post(f"{path}/accept").status_code == 404


def test_a_withdrawn_invitation_does_not_open(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    path = invite(owner_client, tenant, email)
    with tenant_scope(tenant.id):
        invitation = Invitation.objects.get(email=email)
    owner_client.post(f"/o/{tenant.slug}/invitations/{invitation.public_id}/withdraw")
    assert sign_in(user_of(email)).post(f"{path}/accept").status_code == 404


def test_sending_again_makes_a_new_link_and_ends_the_old(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    old = invite(owner_client, tenant, email)
    with tenant_scope(tenant.id):
        invitation = Invitation.objects.get(email=email)
    owner_client.post(f"/o/{tenant.slug}/invitations/{invitation.public_id}/renew")
    new = link_in(newest_mail(email))
    client = sign_in(user_of(email))
    assert new != old
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_the_link_is_not_in_the_database(tenant: Tenant, owner_client: Client) -> None:
    email = address()
    token = invite(owner_client, tenant, email).rsplit("/", 1)[1]
    with tenant_scope(tenant.id):
        assert token.encode() not in bytes(Invitation.objects.get(email=email).token_digest)


def test_an_administrator_cannot_invite_make_or_remove_an_owner(
    tenant: Tenant, owner: Member, as_role: Callable[..., Client]
) -> None:
    client = as_role(Role.ADMINISTRATOR)
    page = client.post(f"/o/{tenant.slug}/members/invite", {"email": address(), "role": Role.OWNER})
    assert page.status_code == 200
    assert client.get(f"/o/{tenant.slug}/members/{owner.public_id}").status_code == 403
    assert client.post(f"/o/{tenant.slug}/members/{owner.public_id}/remove").status_code == 403
    auditor = make_member(tenant, Role.AUDITOR)
    with tenant_scope(tenant.id), pytest.raises(NotAllowed):
        change_role(auditor.id, Role.OWNER, rights=RIGHTS[Role.ADMINISTRATOR], actor=SYSTEM)


def test_an_administrator_cannot_give_the_right_to_spend(tenant: Tenant) -> None:
    auditor = make_member(tenant, Role.AUDITOR)
    with tenant_scope(tenant.id), pytest.raises(NotAllowed):
        change_role(auditor.id, Role.BILLING_MANAGER, rights=RIGHTS[Role.ADMINISTRATOR], actor=SYSTEM)


def test_the_last_owner_can_be_neither_removed_nor_demoted(
    tenant: Tenant, owner: Member, owner_client: Client
) -> None:
    path = f"/o/{tenant.slug}/members/{owner.public_id}/remove"
    for answer in (owner_client.get(path), owner_client.post(path, {"word": "remove"})):
        assert "at least one owner" in answer.content.decode()
    page = owner_client.post(f"/o/{tenant.slug}/members/{owner.public_id}", {"role": Role.AUDITOR})
    assert "at least one owner" in page.content.decode()
    assert role_in(tenant, User.objects.get(pk=owner.user_id)) == Role.OWNER


def test_two_owners_who_remove_each_other_at_once_leave_one(tenant: Tenant) -> None:
    owners = [make_member(tenant), make_member(tenant)]
    gate, outcomes = threading.Barrier(2), []

    def work(target: Member) -> None:
        gate.wait(20)
        try:
            with tenant_scope(tenant.id):
                remove_member(target.id, rights=RIGHTS[Role.OWNER], actor=SYSTEM)
            outcomes.append("removed")
        except Invalid as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[target]) for target in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["last_owner", "removed"]


def test_a_removed_member_reads_404_from_the_next_page_on(tenant: Tenant, owner_client: Client) -> None:
    member = make_member(tenant, Role.AUDITOR)
    client = client_of_member(member)
    assert client.get(f"/o/{tenant.slug}/").status_code == 200
    owner_client.post(f"/o/{tenant.slug}/members/{member.public_id}/remove", {"word": "remove"})
    assert client.get(f"/o/{tenant.slug}/").status_code == 404


def test_a_changed_role_counts_from_the_next_page_on(tenant: Tenant, owner_client: Client) -> None:
    member = make_member(tenant, Role.AUDITOR)
    client = client_of_member(member)
    assert client.get(f"/o/{tenant.slug}/audit/").status_code == 200
    owner_client.post(f"/o/{tenant.slug}/members/{member.public_id}", {"role": Role.BILLING_MANAGER})
    assert client.get(f"/o/{tenant.slug}/audit/").status_code == 403


def test_giving_out_seats_asks_for_a_recent_sign_in(tenant: Tenant, owner: Member) -> None:
    client = client_of_member(owner, ago=3600)
    for path in ("members/invite", f"members/{owner.public_id}"):
        answer = client.get(f"/o/{tenant.slug}/{path}")
        assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    email = address()
    assert (
        client.post(f"/o/{tenant.slug}/members/invite", {"email": email, "role": Role.AUDITOR}).status_code
        == 302
    )
    with tenant_scope(tenant.id):
        assert not Invitation.objects.filter(email=email).exists()


def test_whoever_signs_up_by_an_invitation_finds_the_address_filled_in(
    tenant: Tenant, owner_client: Client
) -> None:
    email = address()
    page = site_client().get(invite(owner_client, tenant, email)).content.decode()
    way = html.unescape(re.search(r'href="(/accounts/signup/[^"]+)"', page)[1])  # type: ignore[index]
    assert f'value="{email}"' in site_client().get(way).content.decode()


def test_a_member_cannot_be_invited_again(tenant: Tenant, owner_client: Client) -> None:
    member = make_member(tenant, Role.AUDITOR)
    email = User.objects.get(pk=member.user_id).email
    page = owner_client.post(f"/o/{tenant.slug}/members/invite", {"email": email, "role": Role.AUDITOR})
    assert "belongs to a member already" in page.content.decode()


def test_another_organisations_member_and_invitation_are_not_found(
    tenant: Tenant, other_tenant: Tenant, owner_client: Client, as_role: Callable[..., Client]
) -> None:
    foreign = make_member(other_tenant, Role.AUDITOR)
    email = address()
    invite(as_role(Role.OWNER, other_tenant), other_tenant, email)
    with tenant_scope(other_tenant.id):
        invitation = Invitation.objects.get(email=email)
    assert owner_client.get(f"/o/{tenant.slug}/members/{foreign.public_id}").status_code == 404
    assert owner_client.post(f"/o/{tenant.slug}/members/{foreign.public_id}/remove").status_code == 404
    assert (
        owner_client.post(f"/o/{tenant.slug}/invitations/{invitation.public_id}/withdraw").status_code == 404
    )


def test_the_page_says_how_a_locked_out_member_gets_back_in(tenant: Tenant, owner_client: Client) -> None:
    page = owner_client.get(f"/o/{tenant.slug}/members/").content.decode()
    assert "saved recovery code" in page and "There is one owner" in page
