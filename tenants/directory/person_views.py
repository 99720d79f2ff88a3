"""One person in the console: other names and standing, everything that is held, and removal for good."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Refused
from portal.kit.seen import ChangedMeanwhile
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory import details as service
from tenants.directory.forms import DetailsForm, RemoveForm
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import remove_person
from tenants.directory.views import crumbs, person_or_404, shown_person, slug_of
from tenants.rights import Right


def _to_person(request: HttpRequest, found: DirectoryPerson) -> HttpResponse:
    return redirect("people:person", organisation=slug_of(request), person_id=found.public_id)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def details(request: HttpRequest, person_id: str) -> HttpResponse:
    """Former and other names, manager, country, privileged. What recovery compares counts later."""
    found = person_or_404(person_id)
    initial = {**service.details_of(found), "seen": service.marks_of_details(found)}
    form = DetailsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            seen = form.take_seen()
            service.change_details(found.id, actor=actor_of(request), seen=seen, **form.values())
        except ChangedMeanwhile as conflict:
            form.show_conflict(conflict)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _to_person(request, found)
    context = {
        **shown_person(request, found),
        "form": form,
        "is_written_elsewhere": service.is_written_elsewhere(found),
        "breadcrumbs": crumbs(request, found.display_name),
    }
    return render(request, "directory/details.html", context)


@require_GET
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def export(request: HttpRequest, person_id: str) -> HttpResponse:
    """Everything the directory holds of the person, as a file."""
    found = person_or_404(person_id)
    record_event(EventName.PERSON_EXPORTED, actor=actor_of(request), subject=found.public_id)
    return JsonResponse(
        service.everything_held(found),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{found.public_id}.json"'},
    )


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def remove(request: HttpRequest, person_id: str) -> HttpResponse:
    """Out of the directory for good, with everything it holds of them."""
    found = person_or_404(person_id)
    form = RemoveForm(request.POST or None, word=_("remove"))
    if request.method == "POST" and form.is_valid():
        remove_person(found.id, actor=actor_of(request), reason=form.cleaned_data["reason"])
        messages.success(request, _("The person was removed."))
        return redirect("people:list", organisation=slug_of(request))
    context = {
        **shown_person(request, found),
        "form": form,
        "comes_back": found.source in ("scim", "entra", "okta"),
        "breadcrumbs": crumbs(request, found.display_name),
    }
    return render(request, "directory/remove_person.html", context)
