"""Recovery profiles in the console: the list in its order, writing one, its effect in numbers, and which is for whom."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id
from portal.kit.seen import ChangedMeanwhile
from portal.recent import ask_again, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from recovery import profiles
from recovery.allowance import most_of
from recovery.applying import applied_to, groups_named
from recovery.console.event_words import actor_names
from recovery.console.partner_words import conditions_in_words, offers_to
from recovery.console.profile_forms import ProfileForm
from recovery.console.profile_labels import attestation_sentence, labels, risk_sentence
from recovery.console.profile_words import explained, is_for, without_a_face, without_code_words
from recovery.console.reach import can_sentence, kept_reach_of
from recovery.console.showing import MODE_TONES, crumbs, slug_of
from recovery.models import Case, Profile
from recovery.ordering import connections_here, partners_of
from recovery.partner_conditions import condition_of
from recovery.profile_checks import check_profile
from recovery.statuses import LIVE, Mode
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.directory.selectors import MAX_IDENTIFIER, find_person, group_names
from tenants.rights import Right
from vendors.models import Connection
from vendors.wording import partner_name

TONES = {
    Profile.Status.DRAFT: "info",
    Profile.Status.PUBLISHED: "ok",
    Profile.Status.WITHDRAWN: "neutral",
}


def profile_or_404(profile_id: str) -> Profile:
    try:
        return profiles.get_profile(parse_public_id("profile", profile_id))
    except ValueError as error:
        raise Http404 from error


def shown_profile(profile: Profile) -> dict[str, Any]:
    mode = Mode(profile.mode)
    return {
        "profile": profile,
        "status_label": Profile.Status(profile.status).label,
        "status_tone": TONES[Profile.Status(profile.status)],
        "mode_label": mode.label,
        "mode_tone": MODE_TONES[mode],
        "partner": _then([partner_name(one.vendor) for one in partners_of(profile)]),
        "is_published": profile.status == Profile.Status.PUBLISHED,
    }


def _then(names: list[str]) -> str:
    """ "A, then B": in the order in which they are asked."""
    return _(", then ").join(names)


def effect_of(profile: Profile) -> dict[str, Any]:
    """What the profile does to people, and what keeps it from going into force."""
    try:
        check_profile(profile)
        problem = ""
    except Invalid as error:
        problem = error.sentence
    reach = kept_reach_of(profile)
    return {
        "conditions": conditions_in_words(profile),
        "reach": reach,
        "can_sentence": can_sentence(reach),
        "problem": problem,
        "maximum": _maximum(profile),
        "without_a_face": without_a_face(profile),
    }


def _maximum(profile: Profile) -> dict[str, Any] | None:
    """What one recovery costs at most, in words."""
    found = most_of(profile)
    if found is None:
        return None
    return {
        "is_known": found.is_known,
        "parts": [{"part": part, "partner": partner_name(part.vendor)} for part in found.parts],
        "totals": [{"currency": currency, "amount": amount} for currency, amount in found.totals.items()],
    }


def profile_crumbs(request: HttpRequest, *labels: str) -> list[dict[str, str]]:
    return crumbs(request, "profiles", _("Profiles"), *labels)


@require_GET
@requires(Right.SEE_PROFILES)
def list_profiles(request: HttpRequest) -> HttpResponse:
    found = profiles.profiles()
    in_force = [profile for profile in found if profile.status == Profile.Status.PUBLISHED]
    names = group_names() if groups_named(in_force) else {}
    context = {
        "in_order": [
            shown_profile(profile) | {"is_for": is_for(profile, names)} | _buttons(profile, in_force)
            for profile in in_force
        ],
        "rows": [shown_profile(profile) for profile in found if profile not in in_force],
        "may_manage": seat_of(request).may(Right.MANAGE_PROFILES),
        "may_see_people": seat_of(request).may(Right.SEE_PEOPLE),
        "has_profiles": bool(found),
    }
    return render(request, "recovery_console/profiles.html", context)


def _buttons(profile: Profile, in_order: list[Profile]) -> dict[str, str]:
    """What the buttons of the order are called, so that the page stands on the one that was pressed (`profile_moves.move`): at
    either end the other is in its place."""
    up, down = f"up-{profile.public_id}", f"down-{profile.public_id}"
    return {
        "up_id": down if profile.id == in_order[-1].id else up,
        "down_id": up if profile.id == in_order[0].id else down,
    }


@require_GET
@requires(Right.SEE_PROFILES)
def of_partner(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Who would lose the way back in with a partner: part of the page that removes one, in the room below."""
    try:
        wanted = parse_public_id(Connection.prefix, connection_id)
    except ValueError as error:
        raise Http404 from error
    if wanted not in {connection.id for connection in connections_here()}:
        raise Http404
    using = [profile for profile in profiles.profiles() if str(wanted) in profile.partners]
    in_force = [one for one in using if one.status == Profile.Status.PUBLISHED]
    # Nobody loses a way where another partner of the profile is for them too.
    live = Case.objects.filter(connection_id=wanted, status__in=LIVE, is_decoy=False)
    context = {
        "in_force": in_force,
        "alone": [
            {"name": one.name, "can": lost}
            for one in in_force
            if (lost := _would_lose(one, wanted)) is not None
        ],
        "live": live.count(),
        "others": sum(one.status == Profile.Status.DRAFT for one in using),
    }
    template = "parts/of_partner.html" if request.headers.get("HX-Request") else "of_partner.html"
    return render(request, f"recovery_console/{template}", context)


def _would_lose(profile: Profile, connection_id: UUID) -> int | None:
    """How many people have no partner in it without this one; None where somebody else stands in for it."""
    others = [one for one in partners_of(profile) if one.id != connection_id]
    if any(condition_of(profile, one.id).is_for_everybody for one in others):
        return None
    can = kept_reach_of(profile).can
    if not others:
        return can
    without = copy.copy(profile)
    without.partners = [name for name in profile.partners if name != str(connection_id)]
    return can - kept_reach_of(without).can or None


def _typed(form: ProfileForm, profile: Profile | None) -> Profile:
    """The profile as it would be, not saved."""
    made = Profile() if profile is None else Profile.objects.get(id=profile.id)
    for name, value in form.values().items():
        setattr(made, name, value)
    return made


@require_POST
@requires(Right.MANAGE_PROFILES)
def check(request: HttpRequest) -> HttpResponse:
    """The effect of what is typed, asked for by htmx while it is typed. Nothing is saved."""
    form = ProfileForm(request.POST)
    form.fields["name"].required = False  # the effect is of interest before the name is
    # What other pages of the profile say counts as well.
    named = request.GET.get("profile", "")
    profile = profile_or_404(named) if named else None
    context: dict[str, Any] = {}
    if form.is_valid():
        context = effect_of(_typed(form, profile))
    else:
        context["problems"] = [f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()]
    return render(request, "recovery_console/parts/effect.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
def new(request: HttpRequest) -> HttpResponse:
    ready = connections_here()
    initial = {"connection": str(ready[0].id)} if ready else {}
    defaults = {"evidence_required": Profile().evidence_required, **initial}
    form = ProfileForm(request.POST or None, initial=defaults)
    if request.method == "POST" and form.is_valid():
        made = profiles.create_profile(actor=actor_of(request), **form.values())
        toasts.success(request, _("The draft was saved."))
        return redirect("profiles:edit", organisation=slug_of(request), profile_id=made.public_id)
    planned = _typed(form, None) if form.is_bound and form.is_valid() else Profile()
    if ready and not form.is_bound:
        planned.partners = [str(ready[0].id)]
    context = {
        "form": form,
        "check_url": reverse("profiles:check", args=[slug_of(request)]),
        "breadcrumbs": profile_crumbs(request, _("New")),
        **effect_of(planned),
    }
    return render(request, "recovery_console/profile_form.html", context)


def _version_made(event: AuditEvent) -> int | None:
    """The version that this save made."""
    made = (EventName.PROFILE_CREATED.value, EventName.PROFILE_CHANGED.value)
    version = event.data.get("version")
    return version if event.name in made and isinstance(version, int) else None


def _history(profile: Profile) -> list[dict[str, Any]]:
    """What was done to the profile itself: that it was rehearsed changes nothing of it."""
    titles = {
        EventName.PROFILE_CREATED.value: _("Written"),
        EventName.PROFILE_CHANGED.value: _("Changed"),
        EventName.PROFILE_PUBLISHED.value: _("Put into force"),
        EventName.PROFILE_WITHDRAWN.value: _("Withdrawn"),
        EventName.PROFILE_MOVED.value: _("Moved in the order"),
    }
    events = list(
        AuditEvent.objects.filter(subject=profile.public_id, name__in=titles).order_by("-created_at", "-id")[
            :50
        ]
    )
    actors = actor_names(events)
    called = labels()
    return [
        {
            "title": titles[event.name],
            "at": event.created_at,
            "actor": actors[event.id],
            "changed": [called[name] for name in event.data.get("changed", []) if name in called],
            "version": _version_made(event),
            "is_now": _version_made(event) == profile.version,
        }
        for event in events
    ]


@require_http_methods(["GET", "POST"])
@requires(Right.SEE_PROFILES)
def edit(request: HttpRequest, profile_id: str) -> HttpResponse:
    """The profile with its effect and history. Those who may only look read it."""
    profile = profile_or_404(profile_id)
    may_manage = seat_of(request).may(Right.MANAGE_PROFILES)
    if request.method == "POST":
        return _change(request, profile)
    return _edit_page(request, profile, ProfileForm(profile=profile), may_manage=may_manage)


@requires(Right.MANAGE_PROFILES)
def _change(request: HttpRequest, profile: Profile) -> HttpResponse:
    form = ProfileForm(request.POST, profile=profile)
    if profile.status == Profile.Status.PUBLISHED and not signed_in_recently(request):
        return ask_again(request)
    if form.is_valid():
        try:
            profiles.change_profile(
                profile.id, actor=actor_of(request), seen=form.seen_marks(), **form.values()
            )
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict, {"partners": "connection", "callouts": "callout"})
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            toasts.success(request, _("The profile was saved."))
            return redirect("profiles:edit", organisation=slug_of(request), profile_id=profile.public_id)
    return _edit_page(request, profile, form, may_manage=True)


def _edit_page(
    request: HttpRequest, profile: Profile, form: ProfileForm, *, may_manage: bool
) -> HttpResponse:
    if not may_manage:
        for field in form.fields.values():
            field.disabled = True
    context = {
        **shown_profile(profile),
        **effect_of(profile),
        "form": form,
        "check_url": reverse("profiles:check", args=[slug_of(request)]) + f"?profile={profile.public_id}",
        "risk_sentence": risk_sentence(profile),
        "attestation_sentence": attestation_sentence(profile),
        "history": _history(profile),
        "may_manage": may_manage,
        "breadcrumbs": profile_crumbs(request, profile.name),
    }
    return render(request, "recovery_console/profile_form.html", context)


@require_GET
@requires(Right.SEE_PROFILES)
@requires(Right.SEE_PEOPLE)
def applies(request: HttpRequest) -> HttpResponse:
    """Which profile is for a person, and why the others are not: by any name they go by, kept nowhere."""
    typed = request.GET.get("who", "")[:MAX_IDENTIFIER].replace("\x00", "").strip()
    person = find_person(typed) if typed else None
    applied = applied_to(person) if person else None
    context = {
        "typed": typed,
        "person": person,
        "applied": applied,
        "considered": explained(applied) if applied else [],
        "without_code": without_code_words(applied.profile, person)
        if applied and applied.profile and person
        else "",
        "partners": offers_to(applied.profile, person) if applied and applied.profile and person else [],
        "breadcrumbs": profile_crumbs(request, _("Which profile is for whom")),
    }
    return render(request, "recovery_console/applies.html", context)
