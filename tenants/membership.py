"""Members and invitations: who has a seat, in which role.

Protects the organisation from a colleague who gives away more than they have, from an invitation that travels, from one
that was kept for the day its sender or its reader is shown out, and from losing its last owner. Nobody gives or takes a
role with rights beyond their own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import Invalid, NotAllowed, NotHere, Refused
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Invitation, Member, Tenant, User
from tenants.rights import Right, Role, rights_of
from tenants.selectors import find_invitation, open_invitations_by, tenant_of_token

INVITATION_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """The token is known only here and in the mail."""

    invitation: Invitation
    token: str


def may_give(rights: frozenset[Right], role: str) -> bool:
    """A role can be given, changed or taken only by somebody who has all of its rights."""
    given = rights_of(role)
    return bool(given) and given <= rights


def require_may_give(rights: frozenset[Right], role: str) -> None:
    if not may_give(rights, role):
        raise NotAllowed(
            "role_beyond_own", _("Only somebody with all rights of this role can give or take it.")
        )


def roles_to_give(rights: frozenset[Right]) -> list[Role]:
    return [role for role in Role if may_give(rights, role)]


def _one_at_a_time() -> None:
    """Changes to members and invitations wait for each other, so that none is decided by a role that was just taken."""
    list(Tenant.objects.select_for_update(no_key=True).filter(id=current_tenant_id()).values_list("id"))


def _rights_now(member_id: UUID) -> frozenset[Right]:
    """None for a member whose seat was taken while their page was open."""
    member = Member.objects.filter(id=member_id, removed_at=None).first()
    return rights_of(member.role) if member else frozenset()


def invite_member(
    *, email: str, role: str, invited_by: UUID, rights: frozenset[Right], actor: Actor
) -> Invited:
    """Write down an invitation; an earlier one to the same address stops working."""
    _one_at_a_time()
    require_may_give(rights & _rights_now(invited_by), role)
    address = email.strip().lower()
    if Member.objects.filter(user__email=address, removed_at=None).exists():
        raise Invalid("already_member", _("This address belongs to a member already."), field="email")
    Invitation.objects.filter(email=address, accepted_at=None, withdrawn_at=None).update(
        withdrawn_at=clock.now()
    )
    token = new_token()
    invitation = Invitation.objects.create(
        email=address,
        role=role,
        token_digest=digest(token),
        invited_by_id=invited_by,
        expires_at=clock.now() + INVITATION_LIFETIME,
    )
    record_event(
        EventName.MEMBER_INVITED,
        actor=actor,
        subject=invitation.public_id,
        data={"role": role},
        personal={"email": address},
    )
    return Invited(invitation, token)


def _locked_invitation(invitation_id: UUID) -> Invitation:
    found = (
        Invitation.objects.select_for_update()
        .filter(id=invitation_id, accepted_at=None, withdrawn_at=None)
        .first()
    )
    if found is None:
        raise NotHere("invitation_unknown")
    return found


def renew_invitation(
    invitation_id: UUID, *, renewed_by: UUID, rights: frozenset[Right], actor: Actor
) -> Invited:
    """A new link with a new week, from whoever renews it; the old link stops working."""
    _one_at_a_time()
    invitation = _locked_invitation(invitation_id)
    require_may_give(rights & _rights_now(renewed_by), invitation.role)
    token = new_token()
    invitation.invited_by_id = renewed_by
    invitation.token_digest = digest(token)
    invitation.expires_at = clock.now() + INVITATION_LIFETIME
    invitation.save(update_fields=["token_digest", "expires_at", "invited_by"])
    record_event(
        EventName.MEMBER_INVITED,
        actor=actor,
        subject=invitation.public_id,
        data={"role": invitation.role, "again": True},
        personal={"email": invitation.email},
    )
    return Invited(invitation, token)


def withdraw_invitation(invitation_id: UUID, *, actor: Actor) -> None:
    _one_at_a_time()
    _withdraw(_locked_invitation(invitation_id), actor)


def _withdraw(invitation: Invitation, actor: Actor) -> None:
    invitation.withdrawn_at = clock.now()
    invitation.save(update_fields=["withdrawn_at"])
    record_event(EventName.MEMBER_INVITATION_WITHDRAWN, actor=actor, subject=invitation.public_id)


def _withdraw_beyond(member: Member, rights: frozenset[Right], actor: Actor) -> None:
    """What a member sent and could not send any more. One kept back would open the door again that is being closed."""
    sent = open_invitations_by(member.id).select_for_update()
    for invitation in sent:
        if not may_give(rights, invitation.role):
            _withdraw(invitation, actor)


def _withdraw_to(addresses: Collection[str], actor: Actor) -> None:
    """What is still open to addresses of one person, who got or lost a seat."""
    found = Invitation.objects.select_for_update().filter(
        email__in={address.lower() for address in addresses}, accepted_at=None, withdrawn_at=None
    )
    for invitation in found:
        _withdraw(invitation, actor)


def _require_for(invitation: Invitation, verified_addresses: Collection[str]) -> None:
    if invitation.email not in {address.lower() for address in verified_addresses}:
        raise Refused("invitation_other_address", _("This invitation is for another e-mail address."))


def _use_up(invitation: Invitation) -> None:
    """One conditional update decides who was first."""
    used = Invitation.objects.filter(
        id=invitation.id, accepted_at=None, withdrawn_at=None, expires_at__gt=clock.now()
    ).update(accepted_at=clock.now())
    if used != 1:
        raise NotHere("invitation_spent")


def _seat(user: User, role: str) -> Member:
    member, new = Member.objects.select_for_update().get_or_create(user=user, defaults={"role": role})
    if new:
        return member
    if member.removed_at is None:
        raise Invalid("already_member", _("You are a member of this organisation already."))
    member.role, member.removed_at = role, None
    member.save(update_fields=["role", "removed_at"])
    return member


def accept_invitation(token: str, *, user: User, verified_addresses: Collection[str]) -> Tenant:
    """Take the seat. The link works once, before it expires, for the invited address only."""
    tenant = tenant_of_token(token)
    if tenant is None:
        raise NotHere("invitation_unknown")
    with tenant_scope(tenant.id):
        _one_at_a_time()
        invitation = find_invitation(token)
        if invitation is None:
            raise NotHere("invitation_unknown")
        _require_for(invitation, verified_addresses)
        _use_up(invitation)
        member = _seat(user, invitation.role)
        actor = Actor(ActorKind.MEMBER, member.public_id)
        _withdraw_to(verified_addresses, actor)
        record_event(
            EventName.MEMBER_JOINED,
            actor=actor,
            subject=member.public_id,
            data={"role": invitation.role, "invitation": invitation.public_id},
            personal={"email": invitation.email},
        )
    return tenant


def _locked_member(member_id: UUID) -> Member:
    """Owners are locked with it, so that two of them cannot remove each other at once."""
    list(Member.objects.select_for_update().filter(role=Role.OWNER, removed_at=None).order_by("id"))
    member = Member.objects.select_for_update().filter(id=member_id, removed_at=None).first()
    if member is None:
        raise NotHere("member_unknown")
    return member


def _require_another_owner(member: Member) -> None:
    others = Member.objects.filter(role=Role.OWNER, removed_at=None).exclude(id=member.id)
    if member.role == Role.OWNER and not others.exists():
        sentence = _("An organisation keeps at least one owner. Make somebody else an owner first.")
        raise Invalid("last_owner", sentence)


def role_of(member: Member) -> dict[str, str]:
    return {"role": member.role}


@transaction.atomic
def change_role(
    member_id: UUID, role: str, *, rights: frozenset[Right], actor: Actor, seen: str | None = None
) -> Member:
    """ChangedMeanwhile when a colleague gave another role since the page was drawn (`seen`)."""
    _one_at_a_time()
    member = _locked_member(member_id)
    if member.role == role:
        return member
    require_unchanged(seen, role_of(member))
    require_may_give(rights, member.role)
    require_may_give(rights, role)
    _require_another_owner(member)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    _withdraw_beyond(member, rights_of(role), actor)
    record_event(
        EventName.MEMBER_ROLE_CHANGED,
        actor=actor,
        subject=member.public_id,
        data={"from": before, "to": role},
    )
    return member


@transaction.atomic
def remove_member(
    member_id: UUID, *, rights: frozenset[Right], actor: Actor, addresses: Collection[str] = ()
) -> None:
    """The seat is taken at once: every page asks for it anew. Invitations they sent, and those still open to their
    `addresses`, end with it."""
    _one_at_a_time()
    member = _locked_member(member_id)
    require_may_give(rights, member.role)
    _require_another_owner(member)
    member.removed_at = clock.now()
    member.save(update_fields=["removed_at"])
    _withdraw_beyond(member, frozenset(), actor)
    _withdraw_to({member.user.email, *addresses}, actor)
    record_event(EventName.MEMBER_REMOVED, actor=actor, subject=member.public_id, data={"role": member.role})
