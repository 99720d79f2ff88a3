"""Invitations and set-up links with their mail: the link is known only while it is written."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from portal.console.checklist import ChecklistItem
from portal.kit.actors import Actor
from portal.kit.origins import site_url
from tenants import membership
from tenants.models import Invitation, SetupLink
from tenants.notices.services import send_staff_mail
from tenants.rights import Role
from tenants.selectors import Seat
from tenants.setup_links import make_setup_link


def _send_invitation(seat: Seat, invited: membership.Invited, inviter: str) -> Invitation:
    send_staff_mail(
        "staff_invitation",
        address=invited.invitation.email,
        context={
            "organisation": seat.tenant.name,
            "inviter": inviter,
            "role": str(Role(invited.invitation.role).label),
            "join_url": site_url(reverse("start:join", args=[invited.token])),
        },
    )
    return invited.invitation


def invite_member(seat: Seat, *, email: str, role: str, inviter: str, actor: Actor) -> Invitation:
    invited = membership.invite_member(
        email=email, role=role, invited_by=seat.member_id, rights=seat.rights, actor=actor
    )
    return _send_invitation(seat, invited, inviter)


def renew_invitation(seat: Seat, invitation_id: UUID, *, inviter: str, actor: Actor) -> Invitation:
    invited = membership.renew_invitation(
        invitation_id, renewed_by=seat.member_id, rights=seat.rights, actor=actor
    )
    return _send_invitation(seat, invited, inviter)


def send_item(seat: Seat, item: ChecklistItem, *, email: str, sender: str, actor: Actor) -> SetupLink:
    """Send one item of the checklist to whoever can do it."""
    made = make_setup_link(item=item.key, about=item.about, email=email, made_by=seat.member_id, actor=actor)
    send_staff_mail(
        "staff_setup_link",
        address=made.link.email,
        context={
            "organisation": seat.tenant.name,
            "sender": sender,
            "item": item.title,
            "setup_url": site_url(reverse("start:setup", args=[made.token])),
        },
    )
    return made.link
