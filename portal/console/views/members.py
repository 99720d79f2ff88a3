"""Members and invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.console import inviting
from portal.console.mail_limit import sends_mail
from portal.console.views.front import staff
from portal.console.views.joining import verified_addresses
from portal.kit import clock
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.seen import ChangedMeanwhile, marks_of
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants import membership
from tenants.forms import ROLE_HINTS, InviteForm, RoleForm
from tenants.models import Invitation
from tenants.rights import Right, Role
from tenants.selectors import (
    Colleague,
    Seat,
    colleagues,
    find_colleague,
    open_invitations,
    open_invitations_by,
    open_links_of,
    owner_count,
)


def _to_members(seat: Seat) -> HttpResponse:
    return redirect("console:members", seat.tenant.slug)


def _id(prefix: str, text: str) -> UUID:
    try:
        return parse_public_id(prefix, text)
    except ValueError as error:
        raise Http404 from error


def _rows(seat: Seat, found: list[Colleague]) -> list[dict[str, Any]]:
    with_passkey = set(
        Authenticator.objects.filter(
            user__in=[one.user for one in found], type=Authenticator.Type.WEBAUTHN
        ).values_list("user_id", flat=True)
    )
    may_manage = seat.may(Right.MANAGE_MEMBERS)
    return [
        {
            "id": one.member.public_id,
            "name": one.name,
            "email": one.user.email,
            "role": Role(one.member.role).label,
            "is_self": one.member.id == seat.member_id,
            "has_passkey": one.user.pk in with_passkey,
            "last_login": one.user.last_login,
            "joined_at": one.member.created_at,
            "may_change": may_manage and membership.may_give(seat.rights, one.member.role),
        }
        for one in found
    ]


def _invitation_row(seat: Seat, invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.public_id,
        "email": invitation.email,
        "role": Role(invitation.role).label,
        "expires_at": invitation.expires_at,
        "is_expired": invitation.expires_at <= clock.now(),
        "may_change": seat.may(Right.MANAGE_MEMBERS) and membership.may_give(seat.rights, invitation.role),
    }


@require_GET
@requires(Right.SEE_MEMBERS)
def members(request: HttpRequest) -> HttpResponse:
    seat = seat_of(request)
    context = {
        "members": _rows(seat, colleagues()),
        "invitations": [_invitation_row(seat, invitation) for invitation in open_invitations()],
        "one_owner": owner_count() < 2,
        "may_manage": seat.may(Right.MANAGE_MEMBERS),
        "roles": [{"term": role.label, "value": ROLE_HINTS[role]} for role in Role],
    }
    return render(request, "tenants/members.html", context)


@sends_mail
@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_MEMBERS)
@recent_sign_in
def invite(request: HttpRequest) -> HttpResponse:
    seat = seat_of(request)
    form = InviteForm(request.POST or None, roles=membership.roles_to_give(seat.rights))
    if request.method == "POST" and form.is_valid():
        try:
            invitation = inviting.invite_member(
                seat, **form.cleaned_data, inviter=str(staff(request)), actor=actor_of(request)
            )
            messages.success(
                request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email}
            )
            return _to_members(seat)
        except Invalid as refusal:
            form.add_error(refusal.field or None, refusal.sentence)
    return render(request, "tenants/invite.html", {"form": form})


@sends_mail
@require_POST
@requires(Right.MANAGE_MEMBERS)
def renew(request: HttpRequest, invitation: str) -> HttpResponse:
    seat = seat_of(request)
    renewed = inviting.renew_invitation(
        seat, _id("invite", invitation), inviter=str(staff(request)), actor=actor_of(request)
    )
    messages.success(request, _("A new link is on its way to %(email)s.") % {"email": renewed.email})
    return _to_members(seat)


@require_POST
@requires(Right.MANAGE_MEMBERS)
def withdraw(request: HttpRequest, invitation: str) -> HttpResponse:
    seat = seat_of(request)
    membership.withdraw_invitation(_id("invite", invitation), actor=actor_of(request))
    messages.success(request, _("The invitation is withdrawn."))
    return _to_members(seat)


def _colleague(text: str) -> Colleague:
    found = find_colleague(_id("member", text))
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_MEMBERS)
@recent_sign_in
def member(request: HttpRequest, member: str) -> HttpResponse:
    """One member: the role, and removing the seat."""
    seat = seat_of(request)
    colleague = _colleague(member)
    membership.require_may_give(seat.rights, colleague.member.role)
    form = RoleForm(
        request.POST or None,
        roles=membership.roles_to_give(seat.rights),
        initial={
            "role": colleague.member.role,
            "seen": marks_of(membership.role_of(colleague.member)),
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            membership.change_role(
                colleague.member.id,
                form.cleaned_data["role"],
                rights=seat.rights,
                actor=actor_of(request),
                seen=form.take_seen(),
            )
            messages.success(request, _("The role is changed."))
            return _to_members(seat)
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Invalid as refusal:
            form.add_error("role", refusal.sentence)
    return render(request, "tenants/member.html", {"form": form, **_shown(seat, colleague)})


def _shown(seat: Seat, colleague: Colleague) -> dict[str, Any]:
    return {
        "colleague": colleague,
        "is_self": colleague.member.id == seat.member_id,
        "is_last_owner": colleague.member.role == Role.OWNER and owner_count() < 2,
    }


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_MEMBERS)
@recent_sign_in
def remove(request: HttpRequest, member: str) -> HttpResponse:
    """What ends with the seat, in numbers, and a typed word."""
    seat = seat_of(request)
    colleague = _colleague(member)
    membership.require_may_give(seat.rights, colleague.member.role)
    form = TypedWordForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        try:
            membership.remove_member(
                colleague.member.id,
                rights=seat.rights,
                actor=actor_of(request),
                addresses=verified_addresses(colleague.user),
            )
        except Invalid as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, _("%(name)s has no seat here any more.") % {"name": colleague.name})
            mine = colleague.member.id == seat.member_id
            return redirect("start:organisations") if mine else _to_members(seat)
    context = {
        "form": form,
        "links": open_links_of(colleague.member.id),
        "invitations": open_invitations_by(colleague.member.id).count(),
        **_shown(seat, colleague),
    }
    return render(request, "tenants/remove_member.html", context)
