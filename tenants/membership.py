"""Members and invitations: who has a seat, in which role.

Protects the organisation from a colleague who gives away more than they have, from an invitation that travels, and
from losing its last owner. Nobody gives or takes a role with rights beyond their own.
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
from portal.kit.scope import tenant_scope
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Invitation, Member, Tenant, User
from tenants.rights import Right, Role, rights_of
from tenants.selectors import find_invitation, tenant_of_token

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


def invite_member(
    *, email: str, role: str, invited_by: UUID, rights: frozenset[Right], actor: Actor
) -> Invited:
    """Write down an invitation; an earlier one to the same address stops working."""
    require_may_give(rights, role)
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


def renew_invitation(invitation_id: UUID, *, rights: frozenset[Right], actor: Actor) -> Invited:
    """A new link with a new week; the old link stops working."""
    invitation = _locked_invitation(invitation_id)
    require_may_give(rights, invitation.role)
    token = new_token()
    invitation.token_digest = digest(token)
    invitation.expires_at = clock.now() + INVITATION_LIFETIME
    invitation.save(update_fields=["token_digest", "expires_at"])
    record_event(
        EventName.MEMBER_INVITED,
        actor=actor,
        subject=invitation.public_id,
        data={"role": invitation.role, "again": True},
        personal={"email": invitation.email},
    )
    return Invited(invitation, token)


def withdraw_invitation(invitation_id: UUID, *, actor: Actor) -> None:
    invitation = _locked_invitation(invitation_id)
    invitation.withdrawn_at = clock.now()
    invitation.save(update_fields=["withdrawn_at"])
    record_event(EventName.MEMBER_INVITATION_WITHDRAWN, actor=actor, subject=invitation.public_id)


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
        invitation = find_invitation(token)
        if invitation is None:
            raise NotHere("invitation_unknown")
        _require_for(invitation, verified_addresses)
        _use_up(invitation)
        member = _seat(user, invitation.role)
        record_event(
            EventName.MEMBER_JOINED,
            actor=Actor(ActorKind.MEMBER, member.public_id),
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
    member = _locked_member(member_id)
    if member.role == role:
        return member
    require_unchanged(seen, role_of(member))
    require_may_give(rights, member.role)
    require_may_give(rights, role)
    _require_another_owner(member)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    record_event(
        EventName.MEMBER_ROLE_CHANGED,
        actor=actor,
        subject=member.public_id,
        data={"from": before, "to": role},
    )
    return member


@transaction.atomic
def remove_member(member_id: UUID, *, rights: frozenset[Right], actor: Actor) -> None:
    """The seat is taken at once: every page asks for it anew."""
    member = _locked_member(member_id)
    require_may_give(rights, member.role)
    _require_another_owner(member)
    member.removed_at = clock.now()
    member.save(update_fields=["removed_at"])
    record_event(EventName.MEMBER_REMOVED, actor=actor, subject=member.public_id, data={"role": member.role})
