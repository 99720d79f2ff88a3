"""Importing people in the console: choose a file, look at what it changes, apply it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
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
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.directory import import_undo, imports
from tenants.directory.forms import ColumnsForm, ImportForm, UndoImportForm
from tenants.directory.import_columns import ALIASES, LABELS, REQUIRED, Layout, Outline, outline_of
from tenants.directory.models import PeopleImport
from tenants.directory.views import crumbs, slug_of
from tenants.rights import Right

EXAMPLE = (
    "user_name,given_names,family_name,email,employee_number,birthdate,department\r\n"
    "anna.novak,Anna,Novak,anna.novak@example.org,10042,1990-04-12,Finance\r\n"
)
# What a preview calls what changes: the columns, and what is made of them.
FIELD_LABELS = {
    **LABELS,
    "display_name": gettext_noop("Name shown"),
    "privileged_no_more": gettext_noop("Privileged account"),
}
MOST_SHOWN = 50


def _import_or_404(request: HttpRequest, import_id: str) -> PeopleImport:
    try:
        wanted: UUID = parse_public_id("import", import_id)
    except ValueError as error:
        raise Http404 from error
    return imports.get_import(wanted, member_id=seat_of(request).member_id)


def _to_preview(request: HttpRequest, row: PeopleImport) -> HttpResponse:
    """Or first to the question what the columns mean."""
    page = "people:preview" if row.sealed or row.applied_at or row.discarded_at else "people:columns"
    return redirect(page, organisation=slug_of(request), import_id=row.public_id)


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
        {
            "name": name,
            "label": _(LABELS[name]),
            "is_required": name in REQUIRED,
            "also": ", ".join(ALIASES[name]),
        }
        for name in ALIASES
    ]
    context = {
        "form": form,
        "columns": columns,
        "applied": PeopleImport.objects.exclude(applied_at=None).order_by("-applied_at")[:MOST_SHOWN],
        "breadcrumbs": crumbs(request, _("Import")),
    }
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


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
def columns(request: HttpRequest, import_id: str) -> HttpResponse:
    """What the columns of the file mean, with the first people below each; shown before the preview where the headings alone
    do not say it, and from the preview on request."""
    row = _import_or_404(request, import_id)
    if row.applied_at or row.discarded_at:
        return redirect("people:preview", organisation=slug_of(request), import_id=row.public_id)
    try:
        outline = _outline(row, request.POST.get("letters", ""))
    except Refused:
        return redirect("people:preview", organisation=slug_of(request), import_id=row.public_id)
    form = ColumnsForm(request.POST or None, outline=outline)
    if request.method == "POST" and form.is_valid():
        try:
            return _to_preview(
                request, imports.settle_columns(row.id, form.layout(), member_id=row.member_id)
            )
        except (Invalid, Refused) as problem:
            form.add_error(None, problem.sentence)
    context = {
        "row": row,
        "form": form,
        "columns": [(column, form[form.name_of(place)]) for place, column in enumerate(outline.columns)],
        "breadcrumbs": crumbs(request, _("Import")),
    }
    return render(request, "directory/import_columns.html", context)


def _outline(row: PeopleImport, letters: str = "") -> Outline:
    """As it is read now, or as it seems: Refused once the half hour is over."""
    said = Layout.of(row.layout) if row.layout else imports.last_layout()
    return outline_of(imports.file_of(row), said, letters)


def _shown(row: PeopleImport) -> dict[str, Any]:
    """The preview, or nothing once it was applied, discarded or let go."""
    if row.applied_at or row.discarded_at or row.expires_at <= clock.now():
        return {}
    preview = imports.preview_of(row)
    for change in preview.changed:
        change["fields"] = [
            (_(FIELD_LABELS[name]), before, after) for name, before, after in change["fields"]
        ]
    return {"preview": preview, "meanings": _meanings(row)}


def _meanings(row: PeopleImport) -> list[tuple[str, str]]:
    """(heading, what it is read as) of the columns that are read."""
    read = [column for column in _outline(row).columns if column.means]
    return [(column.heading, _(LABELS[column.means])) for column in read]


@require_GET
@requires(Right.MANAGE_PEOPLE)
def preview(request: HttpRequest, import_id: str) -> HttpResponse:
    row = _import_or_404(request, import_id)
    if row.sealed is None and not (row.applied_at or row.discarded_at) and row.expires_at > clock.now():
        return redirect("people:columns", organisation=slug_of(request), import_id=row.public_id)
    shown = _shown(row)
    counts = row.counts
    usable = counts.get("added", 0) + counts.get("changed", 0)
    context = {
        **shown,
        "row": row,
        "counts": counts,
        "may_apply": bool(shown) and not counts["problems"] and usable > 0,
        "may_skip": bool(shown) and counts["problems"] > 0 and usable > 0,
        "usable": usable,
        "breadcrumbs": crumbs(request, _("Import")),
    }
    return render(request, "directory/preview.html", context)


@require_POST
@requires(Right.MANAGE_PEOPLE)
def apply(request: HttpRequest, import_id: str) -> HttpResponse:
    """All of it, or, where that was asked for, all but the lines that cannot be used."""
    row = _import_or_404(request, import_id)
    try:
        imports.apply_import(
            row.id,
            member_id=row.member_id,
            actor=actor_of(request),
            skips_problems=request.POST.get("lines") == "usable",
        )
    except (Invalid, Refused) as error:
        context = {"row": row, "sentence": error.sentence, "breadcrumbs": crumbs(request, _("Import"))}
        return render(request, "directory/not_applied.html", context, status=409)
    return redirect("people:preview", organisation=slug_of(request), import_id=row.public_id)


@require_http_methods(["GET", "POST"])
@requires(Right.MANAGE_PEOPLE)
@recent_sign_in
def undo(request: HttpRequest, import_id: str) -> HttpResponse:
    """Take an applied import back, any colleague's: first the effect in numbers, then a typed word."""
    try:
        row = PeopleImport.objects.exclude(applied_at=None).get(id=parse_public_id("import", import_id))
    except (ValueError, PeopleImport.DoesNotExist) as error:
        raise Http404 from error
    form = UndoImportForm(request.POST or None, word=_("undo"))
    if request.method == "POST" and form.is_valid() and not row.undone_at:
        try:
            import_undo.undo_import(row.id, actor=actor_of(request))
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, _("The import was taken back."))
            return redirect("people:import", organisation=slug_of(request))
    context = {
        "row": row,
        "form": form,
        "effect": import_undo.effect_of_undo(row),
        "breadcrumbs": crumbs(request, _("Import")),
    }
    return render(request, "directory/import_undo.html", context)


@require_POST
@requires(Right.MANAGE_PEOPLE)
def discard(request: HttpRequest, import_id: str) -> HttpResponse:
    imports.discard_import(_import_or_404(request, import_id).id, member_id=seat_of(request).member_id)
    return redirect("people:import", organisation=slug_of(request))
