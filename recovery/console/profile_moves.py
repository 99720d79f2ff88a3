"""Moves of profiles in the console: into force, through the order, out of force, copied, and back to what one said."""

from __future__ import annotations

from django.contrib import messages as toasts
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit.errors import Invalid
from portal.kit.typed import TypedWordForm
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires
from recovery import profiles
from recovery.applying import profiles_in_force
from recovery.console.profile_views import effect_of, profile_crumbs, profile_or_404, shown_profile
from recovery.console.profile_words import differences, said_now
from recovery.console.publish_form import PublishForm
from recovery.console.reach import kept_reach_of
from recovery.console.showing import slug_of
from recovery.models import Case, Profile
from recovery.statuses import LIVE
from tenants.rights import Right


def _to_profile(request: HttpRequest, profile: Profile) -> HttpResponse:
    return redirect("profiles:edit", organisation=slug_of(request), profile_id=profile.public_id)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def publish(request: HttpRequest, profile_id: str) -> HttpResponse:
    """The effect in numbers, where it comes into the order, and a typed word."""
    profile = profile_or_404(profile_id)
    others = [other for other in profiles_in_force() if other.id != profile.id]
    form = PublishForm(request.POST or None, profile=profile, others=others)
    if request.method == "POST" and form.is_valid():
        try:
            profiles.publish_profile(profile.id, actor=actor_of(request), place=form.place())
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            return _to_profile(request, profile)
    context = {
        **shown_profile(profile),
        **effect_of(profile),
        "form": form,
        "breadcrumbs": profile_crumbs(request, profile.name),
    }
    return render(request, "recovery_console/publish.html", context)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def withdraw(request: HttpRequest, profile_id: str) -> HttpResponse:
    """Whoever it was for falls to the next, or to nobody: the numbers first, and a typed word."""
    profile = profile_or_404(profile_id)
    form = TypedWordForm(request.POST or None, word=_("withdraw"))
    if request.method == "POST" and form.is_valid():
        profiles.withdraw_profile(profile.id, actor=actor_of(request))
        return _to_profile(request, profile)
    context = {
        **shown_profile(profile),
        "form": form,
        "reach": kept_reach_of(profile),
        "live": Case.objects.filter(profile=profile, status__in=LIVE, is_decoy=False).count(),
        "others": [other.name for other in profiles_in_force() if other.id != profile.id],
        "breadcrumbs": profile_crumbs(request, profile.name),
    }
    return render(request, "recovery_console/withdraw.html", context)


@require_POST
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def move(request: HttpRequest, profile_id: str) -> HttpResponse:
    """One place up or down in the order of those in force. The page that follows stands on the button that was pressed, so that
    whoever presses keys may press it again."""
    profile, to = profile_or_404(profile_id), "up" if request.POST.get("to") == "up" else "down"
    profiles.move_profile(profile.id, up=to == "up", actor=actor_of(request))
    return redirect(f"{reverse('profiles:list', args=[slug_of(request)])}#{to}-{profile.public_id}")


@require_POST
@requires(Right.MANAGE_PROFILES)
def copy(request: HttpRequest, profile_id: str) -> HttpResponse:
    """A draft that says the same."""
    return _to_profile(request, profiles.copy_profile(profile_or_404(profile_id).id, actor=actor_of(request)))


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PROFILES)
@recent_sign_in
def restore(request: HttpRequest, profile_id: str, version: int) -> HttpResponse:
    """What that version changed, and what would change if it counted again, at a press: what stood before is a version too. One
    that is in force stays valid or is not changed."""
    profile = profile_or_404(profile_id)
    then = profiles.version_of(profile, version)
    form = Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            profiles.restore_version(profile.id, version, actor=actor_of(request))
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            said = _("The profile says again what version %(version)d said.") % {"version": version}
            toasts.success(request, said)
            return _to_profile(request, profile)
    context = {
        **shown_profile(profile),
        "form": form,
        "differences": differences(said_now(profile), then),
        "version": version,
        "changed_then": differences(profiles.version_of(profile, version - 1), then) if version > 1 else [],
        "breadcrumbs": profile_crumbs(request, profile.name),
    }
    return render(request, "recovery_console/restore.html", context)
