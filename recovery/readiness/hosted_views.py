"""The hosted page *Could I recover?*, for those who are signed in and for everybody else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from portal.kit.limits import Limit, take_in_turn
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery.passkeys.browser import session_of_request
from recovery.readiness.forms import PrintedNameForm, TwoNamesForm
from recovery.readiness.own_name import could_recover, likeness
from recovery.views.common import tenant_of
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import get_person

OF_NETWORK = Limit("names_tried_in_network", 60, 600)
OF_PERSON = Limit("names_tried_by_person", 10, 600)


@own_scope
@require_http_methods(["GET", "POST"])
def could_i_recover(request: HttpRequest) -> HttpResponse:
    """Counts, then answers. What was typed stands in this answer and nowhere else."""
    tenant = tenant_of(request)
    with tenant_scope(tenant.id):
        session = session_of_request(request)
        person = get_person(session.person_id) if session else None
    form = (PrintedNameForm if person else TwoNamesForm)(request.POST or None)
    context: dict[str, Any] = {"form": form, "person": person}
    is_asked = request.method == "POST" and form.is_valid()
    if is_asked:
        _count(request, person)
    with tenant_scope(tenant.id):
        if is_asked:
            context["answer"] = _answer(form, person)
        response = render(request, "readiness/could_i_recover.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _count(request: HttpRequest, person: DirectoryPerson | None) -> None:
    tenant = tenant_of(request)
    wanted = [(OF_NETWORK, f"{tenant.id}|{network_of(client_address(request))}")]
    if person is not None:
        wanted.append((OF_PERSON, f"{tenant.id}|{person.id}"))
    take_in_turn(*wanted)


def _answer(form: PrintedNameForm, person: DirectoryPerson | None) -> str:
    """Which of the page's answers; strangers' names are compared with each other only."""
    if person is not None:
        return "yes" if could_recover(person, form.printed()) else "no"
    return likeness(form.printed(), form.held()).value if isinstance(form, TwoNamesForm) else ""
