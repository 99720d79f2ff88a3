"""*Recovery → Patterns*: what many cases show together, and what came of looking into it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import NotAllowed, Refused
from portal.kit.ids import parse_public_id
from portal.rights import actor_of, requires, seat_of
from recovery.console.showing import crumbs, may_see_people, shown_case, slug_of
from recovery.models import Case
from recovery.patterns.models import Pattern
from recovery.patterns.services import close_pattern, get_pattern
from recovery.patterns.wording import shown
from tenants.models import Member
from tenants.rights import Right

# Closed ones are there to be compared with, not to be worked at.
CLOSED_SHOWN = 50


class ClosingForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What came of it"),
        max_length=500,
        help_text=gettext_lazy("Colleagues and auditors read it. Name no person: they stand in the cases."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say in one sentence what came of it.")},
    )


@require_GET
@requires(Right.SEE_CASES)
def patterns(request: HttpRequest) -> HttpResponse:
    """Open ones first."""
    closed = Pattern.objects.exclude(closed_at=None).order_by("-closed_at", "-id")[:CLOSED_SHOWN]
    context = {
        "open": [shown(row) for row in Pattern.objects.filter(closed_at=None).order_by("-created_at", "-id")],
        "closed": [shown(row) for row in closed],
    }
    return render(request, "patterns/patterns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SEE_CASES)
def pattern(request: HttpRequest, pattern_id: str) -> HttpResponse:
    """One of them, with its cases; members who act on cases close it here."""
    row = _pattern_or_404(pattern_id)
    seat = seat_of(request)
    may_close = seat.may(Right.ACT_ON_CASES)
    form, sentence = ClosingForm(request.POST or None), ""
    if request.method == "POST":
        if not may_close:
            raise NotAllowed("pattern_close", _("Your role may look at patterns and not close them."))
        if form.is_valid():
            try:
                close_pattern(
                    row.id,
                    note=form.cleaned_data["note"],
                    member_id=seat.member_id,
                    actor=actor_of(request),
                )
            except Refused as error:
                row, sentence = get_pattern(row.id), error.sentence
            else:
                return redirect("patterns:pattern", organisation=slug_of(request), pattern_id=row.public_id)
    context = {
        **shown(row),
        "cases": [shown_case(request, case) for case in _cases_of(request, row)],
        "closed_by": _member(row.closed_by),
        "form": form if may_close and row.closed_at is None else None,
        "sentence": sentence,
        "sees_people": may_see_people(request),
        "breadcrumbs": crumbs(request, "patterns", _("Patterns"), str(Pattern.Kind(row.kind).label)),
    }
    return render(request, "patterns/pattern.html", context, status=409 if sentence else 200)


def _pattern_or_404(pattern_id: str) -> Pattern:
    try:
        return get_pattern(parse_public_id(Pattern.prefix, pattern_id))
    except ValueError as error:
        raise Http404 from error


def _cases_of(request: HttpRequest, row: Pattern) -> list[Case]:
    found = Case.objects.filter(id__in=row.cases).select_related("person").order_by("-created_at", "-id")
    return list(found if may_see_people(request) else found.filter(is_decoy=False))


def _member(member_id: UUID | None) -> str:
    if member_id is None:
        return ""
    member = Member.objects.filter(id=member_id).select_related("user").first()
    return str(member.user) if member else _("A former member")
