"""Review in the console: what waits, and a verdict. Codes and measures, no faces and no documents."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import NotAllowed, Refused
from portal.recent import ask_again, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from recovery.cases import steps_of
from recovery.console import wording
from recovery.console.forms import VerdictForm
from recovery.console.journey import journey_of
from recovery.console.showing import case_or_404, crumbs, shown_case, slug_of
from recovery.models import Case, Review
from recovery.review import (
    give_verdict,
    has_spoken,
    is_claimant,
    may_go_on,
    may_review,
    open_round,
    reviews_of,
)
from recovery.signs import Sign
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.models import Member
from tenants.rights import Right

MOST = 200


@require_GET
@requires(Right.REVIEW_CASES)
def reviews(request: HttpRequest) -> HttpResponse:
    """The oldest first: somebody waits behind each."""
    waiting = list(
        Case.objects.filter(status=CaseStatus.IN_REVIEW)
        .select_related("person")
        .order_by("created_at", "id")[:MOST]
    )
    given = dict(Review.objects.filter(case__in=waiting).values_list("case_id").annotate(number=Count("id")))
    rows = [{**shown_case(request, case), "given": given.get(case.id, 0)} for case in waiting]
    return render(request, "recovery_console/reviews.html", {"rows": rows, "count": len(rows)})


def _shown_verdicts(found: list[Review]) -> list[dict[str, Any]]:
    members = Member.objects.filter(id__in={review.member_id for review in found}).select_related("user")
    names = {member.id: str(member.user) for member in members}
    return [
        {
            "review": review,
            "label": Review.Verdict(review.verdict).label,
            "member": names.get(review.member_id, _("A former member")),
        }
        for review in found
    ]


def _other_signs(case: Case) -> list[str]:
    """What fired as well and the profile does nothing about: it may change how the rest looks."""
    decided = AuditEvent.objects.filter(case_id=case.id, name=EventName.CASE_DECIDED).order_by("-created_at")
    latest = decided.first()
    fired = latest.data.get("signs", []) if latest else []
    return [sign for sign in fired if sign not in case.signs_in_review and sign != Sign.EVERY_RECOVERY]


@require_http_methods(["GET", "POST"])
@requires(Right.REVIEW_CASES)
def review(request: HttpRequest, case_id: str) -> HttpResponse:
    case = case_or_404(request, case_id)
    seat = seat_of(request)
    form, sentence = VerdictForm(request.POST or None, may_go_on=may_go_on(case)), ""
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["verdict"] == Review.Verdict.GO_ON and not signed_in_recently(request):
            return ask_again(request)
        try:
            moved = give_verdict(
                case.id, member_id=seat.member_id, actor=actor_of(request), **form.cleaned_data
            )
        except (Refused, NotAllowed) as error:
            sentence = error.sentence
        else:
            room = "reviews:case" if moved.state is CaseStatus.IN_REVIEW else "cases:case"
            return redirect(room, organisation=slug_of(request), case_id=case.public_id)
    found = reviews_of(case.id)
    context = {
        **shown_case(request, case),
        "form": form,
        "sentence": sentence,
        "lines": journey_of(case, steps_of(case), []),
        "reasons": wording.sentences(case.signs_in_review or case.reasons),
        "may_go_on": may_go_on(case),
        "may_review": may_review(case, seat.member_id),
        "other_signs": wording.sentences(_other_signs(case)),
        "verdicts": _shown_verdicts(found),
        "round": open_round(found),
        "is_in_review": case.state is CaseStatus.IN_REVIEW,
        "is_own_case": is_claimant(case, seat.member_id),
        "has_spoken": has_spoken(found, seat.member_id),
        "breadcrumbs": crumbs(request, "reviews", _("Review"), case.reference),
    }
    return render(request, "recovery_console/review.html", context, status=409 if sentence else 200)
