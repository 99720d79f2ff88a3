"""What only one may do, asked for by many at the same moment."""

from __future__ import annotations

import secrets

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants import membership
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.models import Invitation, Member, Tenant, User
from tenants.rights import RIGHTS, Role
from tenants.services import create_organisation
from tests.conftest import make_member
from tests.recovery.racing import race

OWNER = RIGHTS[Role.OWNER]


def make_user() -> User:
    return User.objects.create_user(f"{secrets.token_hex(6)}@staff.example", "correct horse battery staple")


def invited(tenant: Tenant, user: User) -> str:
    with tenant_scope(tenant.id):
        member = Member.objects.filter(role=Role.OWNER).first() or make_member(tenant)
        return membership.invite_member(
            email=user.email, role=Role.AUDITOR, rights=OWNER, invited_by=member.id, actor=SYSTEM
        ).token


def joined(tenant: Tenant) -> int:
    with tenant_scope(tenant.id):
        return AuditEvent.objects.filter(name=EventName.MEMBER_JOINED).count()


def test_an_invitation_gives_one_seat_however_often_it_is_accepted_at_once(tenant: Tenant):
    user = make_user()
    token = invited(tenant, user)

    def accept(_number: int) -> str:
        membership.accept_invitation(token, user=user, verified_addresses=[user.email])
        return "joined"

    assert race(accept, times=40) == {"joined": 1, "invitation_spent": 39}
    assert joined(tenant) == 1


def test_two_invitations_to_one_address_give_one_seat(tenant: Tenant):
    user = make_user()
    tokens = [invited(tenant, user), invited(tenant, user)]
    with tenant_scope(tenant.id):  # as two members leave them who invite at the same moment
        Invitation.objects.update(withdrawn_at=None)

    def accept(number: int) -> str:
        membership.accept_invitation(tokens[number], user=user, verified_addresses=[user.email])
        return "joined"

    assert race(accept, times=2, threads=2) == {"joined": 1, "invitation_spent": 1}
    assert joined(tenant) == 1


def test_of_many_who_want_the_same_name_one_gets_it():
    slug, users = f"t{secrets.token_hex(6)}", [make_user() for _ in range(16)]

    def create(number: int) -> str:
        create_organisation(
            name="Wanted", slug=slug, user=users[number % 16], time_zone="UTC", help_desk_contact="1"
        )
        return "created"

    assert race(create, times=32) == {"created": 1, "slug_taken": 31}
    assert Tenant.objects.filter(slug=slug).count() == 1


def test_owners_who_remove_each_other_at_once_leave_one(tenant: Tenant):
    owners = [make_member(tenant) for _ in range(8)]

    def remove(number: int) -> str:
        with tenant_scope(tenant.id):
            membership.remove_member(owners[number].id, rights=OWNER, actor=SYSTEM)
        return "removed"

    assert race(remove, times=8, threads=8) == {"removed": 7, "last_owner": 1}
    with tenant_scope(tenant.id):
        assert Member.objects.filter(role=Role.OWNER, removed_at=None).count() == 1
