"""An invitation that somebody keeps for the day after they, or its reader, were shown out."""

from __future__ import annotations

import secrets

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from portal.console import mail_limit
from portal.kit.actors import SYSTEM
from portal.kit.errors import NotAllowed
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from tenants import membership
from tenants.models import Invitation, Member, Tenant, User
from tenants.rights import RIGHTS, Role, rights_of
from tests.conftest import make_member
from tests.console.conftest import sign_in

OWNER = RIGHTS[Role.OWNER]


def address() -> str:
    return f"{secrets.token_hex(6)}@new.example"


def person(*addresses: str) -> User:
    user = User.objects.create_user(addresses[0], "correct horse battery staple", name="Kim Muster")
    for email in addresses:
        EmailAddress.objects.create(user=user, email=email, primary=email == addresses[0], verified=True)
    return user


def invite(by: Member, email: str, role: Role = Role.AUDITOR) -> str:
    with tenant_scope(by.tenant_id):
        return membership.invite_member(
            email=email, role=role, invited_by=by.id, rights=rights_of(by.role), actor=SYSTEM
        ).token


def opens(token: str, user: User) -> bool:
    return sign_in(user).post(f"/join/{token}/accept").status_code == 302


def test_what_a_removed_member_sent_opens_nothing(
    tenant: Tenant, owner: Member, owner_client: Client
) -> None:
    leaving, home = make_member(tenant, Role.ADMINISTRATOR), person(address())
    token = invite(leaving, home.email, Role.ADMINISTRATOR)
    page = f"/o/{tenant.slug}/members/{leaving.public_id}/remove"
    assert "1 invitation they sent stops working" in owner_client.get(page).content.decode()
    assert owner_client.post(page, {"word": "remove"}).status_code == 302
    assert not opens(token, home)


def test_what_a_member_sent_and_could_not_send_any_more_opens_nothing(tenant: Tenant, owner: Member) -> None:
    lowered = make_member(tenant, Role.OWNER)
    strong, weak = invite(lowered, address(), Role.OWNER), invite(lowered, address(), Role.AUDITOR)
    with tenant_scope(tenant.id):
        membership.change_role(lowered.id, Role.ADMINISTRATOR, rights=OWNER, actor=SYSTEM)
        left = {invitation.role for invitation in Invitation.objects.filter(withdrawn_at=None)}
    assert left == {Role.AUDITOR}
    assert strong and weak


def test_a_second_invitation_does_not_lead_back_in(
    tenant: Tenant, owner: Member, owner_client: Client
) -> None:
    """To another address of theirs: one that was there when they joined, and one that came later."""
    work, private, later = address(), address(), address()
    user = person(work, private, later)
    tokens = [invite(owner, work), invite(owner, private)]
    assert opens(tokens[0], user)
    late = invite(owner, later)
    with tenant_scope(tenant.id):
        seat = Member.objects.get(user=user)
    page = f"/o/{tenant.slug}/members/{seat.public_id}/remove"
    assert owner_client.post(page, {"word": "remove"}).status_code == 302
    assert not opens(tokens[1], user) and not opens(late, user)


def test_whose_seat_was_taken_while_their_page_was_open_invites_nobody(tenant: Tenant, owner: Member) -> None:
    leaving = make_member(tenant, Role.ADMINISTRATOR)
    with tenant_scope(tenant.id):
        membership.remove_member(leaving.id, rights=OWNER, actor=SYSTEM)
    with pytest.raises(NotAllowed):
        invite(leaving, address())


def test_whoever_renews_an_invitation_answers_for_it(tenant: Tenant, owner: Member) -> None:
    leaving, user = make_member(tenant, Role.ADMINISTRATOR), person(address())
    invite(leaving, user.email)
    with tenant_scope(tenant.id):
        token = membership.renew_invitation(
            Invitation.objects.get().id, renewed_by=owner.id, rights=OWNER, actor=SYSTEM
        ).token
        membership.remove_member(leaving.id, rights=OWNER, actor=SYSTEM)
    assert opens(token, user)


def test_a_member_sends_so_many_letters_an_hour_and_no_more(
    tenant: Tenant, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_limit, "MAILS_OF_MEMBER", Limit("mail_of_member", 3, 3600))
    codes = [
        owner_client.post(f"/o/{tenant.slug}/members/invite", {"email": address(), "role": Role.AUDITOR})
        for _one in range(2)
    ]
    item = f"/o/{tenant.slug}/checklist/help_desk_contact/send"
    codes += [owner_client.post(item, {"email": address()}) for _one in range(2)]
    with tenant_scope(tenant.id):
        renewed = Invitation.objects.first()
    assert renewed is not None
    codes.append(owner_client.post(f"/o/{tenant.slug}/invitations/{renewed.public_id}/renew"))
    assert [answer.status_code for answer in codes] == [302, 302, 302, 429, 429]
