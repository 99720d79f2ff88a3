"""`/o/<organisation>/people/coverage/`: who has a way back, in numbers; inviting those who have none; reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from recovery.entry import inviting
from recovery.entry.covering import Preview, kept_coverage, kept_coverage_by_group, kept_preview, why_left_out
from recovery.entry.models import Kind, Round
from tenants.directory.models import DirectoryPerson, Group
from tenants.directory.selectors import get_person, group_names
from tenants.rights import Right

SHOWN = 5
LEFT_OUT: dict[str, str] = {
    "has_passkey": gettext_noop("Have a passkey"),
    "not_allowed": gettext_noop("Recovery was turned off for them"),
    "no_address": gettext_noop("Have no e-mail address that was held for 72 hours"),
    "mailed_lately": gettext_noop("Were mailed in the last seven days, or three times in a quarter"),
    "has_other": gettext_noop("Have saved codes or a Verified ID"),
    "opted_out": gettext_noop("Asked not to be reminded"),
}
# Why one person is not mailed.
NOT_MAILED: dict[str, str] = {
    "not_active": gettext_noop("This person is suspended."),
    "has_passkey": gettext_noop(
        "This person has a passkey, or had one that was frozen. They sign in with it, or recover."
    ),
    "not_allowed": gettext_noop("Recovery was turned off for this person."),
    "no_address": gettext_noop(
        "There is no e-mail address that was held for 72 hours. An invitation lets whoever reads it create a passkey."
    ),
    "mailed_lately": gettext_noop(
        "A mail went to this person in the last seven days, or three did in a quarter."
    ),
}


def _slug(request: HttpRequest) -> str:
    return seat_of(request).tenant.slug


def _crumbs(request: HttpRequest, label: str = "") -> list[dict[str, str]]:
    """The way back from a page below Coverage."""
    if not label:
        return []
    return [
        {"label": _("Coverage"), "url": reverse("coverage:home", args=[_slug(request)])},
        {"label": label},
    ]


def _to(row: Round, names: Mapping[UUID, str]) -> str:
    if row.person_id:
        return _("One person")
    if row.group_id:
        return names.get(row.group_id, _("A group that is not there any more"))
    return _("Everyone")


def _rounds() -> list[dict[str, Any]]:
    rows = list(Round.objects.order_by("-created_at", "-id")[:SHOWN])
    names = group_names() if any(row.group_id for row in rows) else {}
    return [
        {
            "row": row,
            "kind": Kind(row.kind).label,
            "to": _to(row, names),
            "is_short": row.problem == "day_used_up",
        }
        for row in rows
    ]


@require_GET
@requires(Right.SEE_OVERVIEW)
def home(request: HttpRequest) -> HttpResponse:
    """Counts alone. Groups are named only to those who may see people."""
    seat = seat_of(request)
    sees_people = seat.may(Right.SEE_PEOPLE)
    rounds = _rounds()
    whole, counted_at = kept_coverage()
    context = {
        "whole": whole,
        "groups": kept_coverage_by_group() if sees_people else [],
        "counted_at": counted_at,
        "sees_people": sees_people,
        "may_manage": seat.may(Right.MANAGE_PEOPLE),
        "rounds": rounds,
        "is_sending": any(each["row"].ended_at is None for each in rounds),
        "plan": inviting.reminder_plan(),
        "breadcrumbs": _crumbs(request),
    }
    return render(request, "entry/coverage.html", context)


def _group(request: HttpRequest) -> Group | None:
    """The group in the address; None for everybody. 404 for one that is not there."""
    named = request.GET.get("group", "")
    if not named:
        return None
    try:
        found = inviting.group_or_none(UUID(named))
    except ValueError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


def _shown(found: Preview, counted_at: datetime | None) -> dict[str, Any]:
    return {
        "preview": found,
        "counted_at": counted_at,
        "left_out": [(_(LEFT_OUT[name]), number) for name, number in found.left_out.items()],
        "most_a_day": inviting.MOST_A_DAY,
        "days": inviting.LIFE.days,
    }


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def invite(request: HttpRequest) -> HttpResponse:
    """How many would be mailed and who is left out, then the mails."""
    group = _group(request)
    group_id = group.id if group else None
    problem = ""
    if request.method == "POST":
        try:
            inviting.begin_round(Kind.INVITATION, group_id=group_id, actor=actor_of(request))
        except Refused as refusal:
            problem = refusal.sentence
        else:
            messages.success(request, _("The invitations are being sent."))
            return redirect("coverage:home", organisation=_slug(request))
    context = {
        **_shown(*kept_preview(Kind.INVITATION, group_id)),
        "group": group,
        "choices": [("", _("Everyone")), *((str(one), name) for one, name in group_names().items())],
        "chosen": str(group_id or ""),
        "problem": problem,
        "breadcrumbs": _crumbs(request, _("Invite")),
    }
    return render(request, "entry/invite.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def invite_person(request: HttpRequest, person_id: str) -> HttpResponse:
    """Whether a mail may go to this one person, and to which address; then the mail."""
    try:
        person = get_person(parse_public_id(DirectoryPerson.prefix, person_id))
    except ValueError as error:
        raise Http404 from error
    problem = ""
    if request.method == "POST":
        try:
            inviting.invite_person(person.id, actor=actor_of(request))
        except Refused as refusal:
            problem = refusal.sentence if refusal.code == "mails_used_up" else ""
        else:
            messages.success(request, _("The invitation is on its way."))
            return redirect("people:person", organisation=_slug(request), person_id=person.public_id)
    why = why_left_out(person.id)
    context = {
        "person": person,
        "address": inviting.held_address(person.id),
        "why": _(NOT_MAILED[why]) if why else "",
        "problem": problem,
        "days": inviting.LIFE.days,
        "breadcrumbs": _crumbs(request, person.display_name),
    }
    return render(request, "entry/invite_person.html", context, status=409 if problem else 200)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def reminders(request: HttpRequest) -> HttpResponse:
    """Whom the first would go to, then on or off."""
    if request.method == "POST":
        inviting.set_reminders(is_on=request.POST.get("on") == "yes", actor=actor_of(request))
        return redirect("coverage:home", organisation=_slug(request))
    context = {
        **_shown(*kept_preview(Kind.REMINDER, None)),
        "plan": inviting.reminder_plan(),
        "every": inviting.EVERY.days,
        "breadcrumbs": _crumbs(request, _("Reminders")),
    }
    return render(request, "entry/reminders.html", context)


@require_POST
@requires(Right.MANAGE_PEOPLE)
def stop(request: HttpRequest) -> HttpResponse:
    """End the round that is under way; mails that went out stay out."""
    inviting.stop_rounds(actor=actor_of(request))
    return redirect("coverage:home", organisation=_slug(request))
