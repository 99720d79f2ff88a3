"""Importing people in the console: choose a file, look at what it changes, apply it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.bodies import declared_length
from portal.kit.errors import Invalid, Refused
from portal.kit.ids import parse_public_id
from portal.kit.sheet_file import MAX_BYTES
from portal.rights import actor_of, requires, seat_of
from tenants.directory import imports
from tenants.directory.forms import ImportForm
from tenants.directory.import_file import ALIASES, REQUIRED
from tenants.directory.models import PeopleImport
from tenants.directory.views import crumbs, slug_of
from tenants.rights import Right

EXAMPLE = (
    "user_name,given_names,family_name,email,employee_number,birthdate,department\r\n"
    "anna.novak,Anna,Novak,anna.novak@example.org,10042,1990-04-12,Finance\r\n"
)
FIELD_LABELS = {
    "given_names": gettext_noop("Given names"),
    "family_name": gettext_noop("Family name"),
    "email": gettext_noop("E-mail"),
    "phone": gettext_noop("Telephone"),
    "employee_number": gettext_noop("Employee number"),
    "birthdate": gettext_noop("Date of birth"),
    "department": gettext_noop("Department"),
    "display_name": gettext_noop("Name shown"),
    "former_names": gettext_noop("Former names"),
    "preferred_name": gettext_noop("Called"),
    "name_in_other_script": gettext_noop("Name in another script"),
    "manager": gettext_noop("Manager"),
    "country": gettext_noop("Country"),
    "privileged": gettext_noop("Privileged account"),
    "privileged_no_more": gettext_noop("Privileged account"),
    "guest": gettext_noop("Guest"),
    "document_number": gettext_noop("Document number"),
    "national_number": gettext_noop("National number"),
}


def _import_or_404(request: HttpRequest, import_id: str) -> PeopleImport:
    try:
        wanted: UUID = parse_public_id("import", import_id)
    except ValueError as error:
        raise Http404 from error
    return imports.get_import(wanted, member_id=seat_of(request).member_id)


def _to_preview(request: HttpRequest, row: PeopleImport) -> HttpResponse:
    return redirect("people:preview", organisation=slug_of(request), import_id=row.public_id)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
def begin(request: HttpRequest) -> HttpResponse:
    """Choose a file. What it would change is shown before anything is changed."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES)
        if declared_length(request) > MAX_BYTES + 200_000:
            form.add_error("file", _("This file is larger than 10 MB. Split it and import the parts."))
        elif form.is_valid():
            row = _begun(request, form)
            if row is not None:
                return _to_preview(request, row)
    columns = [
        {"name": name, "is_required": name in REQUIRED, "also": ", ".join(ALIASES[name])} for name in ALIASES
    ]
    context = {"form": form, "columns": columns, "breadcrumbs": crumbs(request, _("Import"))}
    return render(request, "directory/import.html", context)


def _begun(request: HttpRequest, form: ImportForm) -> PeopleImport | None:
    unverified, name = form.read()
    try:
        return imports.begin_import(unverified, file_name=name, member_id=seat_of(request).member_id)
    except Invalid as error:
        form.add_error("file", error.sentence)
        return None


@require_GET
@requires(Right.MANAGE_PEOPLE)
def example(request: HttpRequest) -> HttpResponse:
    """A file with the heading and one person, to fill in."""
    return HttpResponse(
        EXAMPLE,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="people-example.csv"'},
    )


def _shown(row: PeopleImport) -> dict[str, Any]:
    """The preview, or nothing once it was applied, discarded or let go."""
    if row.applied_at or row.discarded_at or row.expires_at <= clock.now():
        return {}
    preview = imports.preview_of(row)
    for change in preview.changed:
        change["fields"] = [
            (_(FIELD_LABELS[name]), before, after) for name, before, after in change["fields"]
        ]
    return {"preview": preview}


@require_GET
@requires(Right.MANAGE_PEOPLE)
def preview(request: HttpRequest, import_id: str) -> HttpResponse:
    row = _import_or_404(request, import_id)
    shown = _shown(row)
    counts = row.counts
    context = {
        **shown,
        "row": row,
        "counts": counts,
        "may_apply": bool(shown) and not counts["problems"] and counts["added"] + counts["changed"] > 0,
        "breadcrumbs": crumbs(request, _("Import")),
    }
    return render(request, "directory/preview.html", context)


@require_POST
@requires(Right.MANAGE_PEOPLE)
def apply(request: HttpRequest, import_id: str) -> HttpResponse:
    row = _import_or_404(request, import_id)
    try:
        imports.apply_import(row.id, member_id=row.member_id, actor=actor_of(request))
    except (Invalid, Refused) as error:
        context = {"row": row, "sentence": error.sentence, "breadcrumbs": crumbs(request, _("Import"))}
        return render(request, "directory/not_applied.html", context, status=409)
    return _to_preview(request, row)


@require_POST
@requires(Right.MANAGE_PEOPLE)
def discard(request: HttpRequest, import_id: str) -> HttpResponse:
    imports.discard_import(_import_or_404(request, import_id).id, member_id=seat_of(request).member_id)
    return redirect("people:import", organisation=slug_of(request))
