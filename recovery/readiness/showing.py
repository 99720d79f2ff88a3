"""What the pages of readiness and of a rehearsal have in common: progress, reasons, people, the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from portal.kit.ids import public_id
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from portal.rights import seat_of
from recovery.console.showing import address_with, may_see_people, slug_of
from recovery.readiness.models import Finding, Survey
from recovery.readiness.reasons import DOUBTS, WAITS, Reason, cure_of, in_order, known, what_of
from recovery.readiness.selectors import Chosen, findings_of, findings_page, read_choice, reasons_of
from tenants.directory.models import Group

View = Callable[..., HttpResponse]
HEADER = ("name", "user_name", "department", "could_recover", "reasons", "what_to_do")
TONES = {Finding.Verdict.CANNOT: "bad", Finding.Verdict.WAITS: "info", Finding.Verdict.DOUBTFUL: "warn"}


def with_names(view: View) -> View:
    """For lists that name people: the page's own right is not enough. 403 for a colleague without it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_see_people(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def shown_survey(survey: Survey, people_url: str) -> dict[str, Any]:
    """Its sums, and where those who are counted are listed. Nobody is counted twice."""
    can = max(0, survey.people - survey.outside - survey.cannot - survey.waiting - survey.doubtful)
    listed = {
        f"{verdict.value}_url": f"{people_url}?{urlencode({'verdict': verdict.value})}"
        for verdict in Finding.Verdict
        if _has(survey, verdict)
    }
    return {"survey": survey, "can": can, **listed}


def _has(survey: Survey, verdict: Finding.Verdict) -> bool:
    counts = {
        Finding.Verdict.CANNOT: survey.cannot,
        Finding.Verdict.WAITS: survey.waiting,
        Finding.Verdict.DOUBTFUL: survey.doubtful,
    }
    return counts[verdict] > 0


def reason_rows(survey: Survey, people_url: str) -> list[dict[str, Any]]:
    """Each reason with how many have it, and where they are listed. Whoever has two stands in both."""
    found = in_order(reason for code in survey.reasons if (reason := known(code)))
    return [
        {
            "what": what_of(reason),
            "cure": cure_of(reason),
            "number": survey.reasons[reason.value],
            "tone": "info" if reason in WAITS else "warn" if reason in DOUBTS else "bad",
            "url": f"{people_url}?{urlencode({'reason': reason.value})}",
        }
        for reason in found
    ]


def people_context(request: HttpRequest, survey: Survey, csv_url: str) -> dict[str, Any]:
    """One page of the people found. Names only for those who may see people."""
    chosen = read_choice(request.GET)
    page = findings_page(survey, chosen, request.GET.get("cursor", ""))
    named = may_see_people(request)
    return {
        "rows": [_row(request, finding, named=named) for finding in page.rows],
        "count": findings_of(survey, chosen).count(),
        "chosen": chosen,
        "group": public_id(Group.prefix, chosen.group_id) if chosen.group_id else "",
        "chosen_words": _chosen_words(chosen),
        "reasons": [
            (code, what_of(reason))
            for reason in in_order(one for one in map(known, survey.reasons) if one)
            for code in (reason.value,)
        ],
        "csv_url": csv_url + address_with(request, cursor=None),
        "next_url": address_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": address_with(request, cursor=page.previous_cursor) if page.previous_cursor else "",
    }


def _chosen_words(chosen: Chosen) -> str:
    if chosen.group_id:
        group = Group.objects.filter(id=chosen.group_id).first()
        return group.name if group else ""
    return chosen.department or ""


def _row(request: HttpRequest, finding: Finding, *, named: bool) -> dict[str, Any]:
    person = finding.person
    url = reverse("people:person", args=[slug_of(request), public_id("person", finding.person_id)])
    return {
        "person": person if named else None,
        "url": url if named else "",
        "department": person.department,
        "verdict": Finding.Verdict(finding.verdict).label,
        "tone": TONES[Finding.Verdict(finding.verdict)],
        "reasons": [{"what": what_of(one), "cure": cure_of(one)} for one in reasons_of(finding)],
    }


def group_url(people_url: str, group_id: UUID) -> str:
    return f"{people_url}?{urlencode({'group': public_id(Group.prefix, group_id)})}"


def department_url(people_url: str, name: str) -> str:
    return f"{people_url}?{urlencode({'department': name})}"


def _lines(tenant_id: UUID, survey: Survey, chosen: Chosen) -> Iterator[str]:
    """The view's scope is over when this runs, so it opens its own."""
    with tenant_scope(tenant_id):
        found = findings_of(survey, chosen).iterator(chunk_size=500)
        yield from sheet_lines(HEADER, (_cells(finding) for finding in found))


def _cells(finding: Finding) -> tuple[object, ...]:
    reasons = reasons_of(finding)
    person = finding.person
    return (
        person.display_name,
        person.user_name,
        person.department,
        finding.get_verdict_display(),
        _sentences(reasons, what_of),
        _sentences(reasons, cure_of),
    )


def _sentences(reasons: list[Reason], words: Callable[[Reason], str]) -> str:
    return " | ".join(dict.fromkeys(words(reason) for reason in reasons))


def csv_answer(request: HttpRequest, survey: Survey, name: str) -> HttpResponse:
    """Exactly the people of the page, all pages of it."""
    tenant = seat_of(request).tenant
    answer = StreamingHttpResponse(
        _lines(tenant.id, survey, read_choice(request.GET)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{tenant.slug}.csv"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base
