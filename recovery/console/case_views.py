"""Cases in the console: the list, one case, and what may be done to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id
from portal.kit.scope import tenant_scope
from portal.kit.sheets import sheet_lines
from portal.recent import ask_again, signed_in_recently
from portal.rights import actor_of, requires, seat_of
from recovery.access_pass.selectors import pass_of
from recovery.cases import steps_of
from recovery.connected.models import DirectoryPass, PassState
from recovery.connected.reasons import ends_without_pass
from recovery.connected.rows import pass_of_case
from recovery.console import explaining, wording
from recovery.console.event_words import actor_names, event_title
from recovery.console.forms import ActionForm, EndingForm
from recovery.console.journey import duration_words, journey_of
from recovery.console.listing import CaseFilter, cases_found, page_of_cases, read_filter
from recovery.console.services import Action, act_on_case, allowed_actions
from recovery.console.showing import (
    address_with,
    case_crumbs,
    case_or_404,
    may_see_people,
    shown_case,
    slug_of,
)
from recovery.models import Case, CredentialBinding
from recovery.passkeys.selectors import passkeys_of
from recovery.statuses import CaseStatus, Mode
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import get_person
from tenants.notices.models import Notice
from tenants.rights import Right
from tenants.verified_id.credentials import status_of
from vendors.billing.models import UsageEntry

HEADER = ("reference", "person", "status", "mode", "opened", "ended", "reason")
ACTIONS: dict[Action, dict[str, str]] = {
    Action.REVIEW: {
        "title": gettext_noop("Ask for a review"),
        "effect": gettext_noop(
            "The case stops. Two members other than the person decide whether it is refused or more evidence is asked for. "
            "A review never lets anybody in."
        ),
        "button": gettext_noop("Ask for a review"),
    },
    Action.EXTEND: {
        "title": gettext_noop("Give two more hours"),
        "effect": gettext_noop(
            "The person has two hours longer to go on. That is possible once. It changes nothing about what has to be proven."
        ),
        "button": gettext_noop("Give two more hours"),
    },
    Action.REVOKE_PASS: {
        "title": gettext_noop("Revoke the pass"),
        "effect": gettext_noop(
            "The pass stops working at once and the case ends. The person would have to begin again."
        ),
        "button": gettext_noop("Revoke the pass"),
    },
    Action.FREEZE: {
        "title": gettext_noop("Freeze what this recovery gave"),
        "effect": gettext_noop(
            "The person's passkeys stop working, everybody signed in as them is signed out, and the Verified ID is revoked, "
            "all at once. Where the account lives in another directory, the pass, the ways to sign in that were added since and "
            "every session go there, within a minute. Every address is told. The person can recover again, after a wait of "
            "24 hours."
        ),
        "button": gettext_noop("Freeze this recovery"),
    },
    Action.CANCEL: {
        "title": gettext_noop("End this recovery"),
        "effect": gettext_noop(
            "The case ends at once, and what was issued in it is revoked. The person may begin again."
        ),
        "button": gettext_noop("End this recovery"),
    },
}
# What cannot be undone, and the word that is typed for it.
WORDS: dict[Action, str] = {
    Action.REVOKE_PASS: gettext_noop("revoke"),
    Action.FREEZE: gettext_noop("freeze"),
    Action.CANCEL: gettext_noop("end"),
}


def _chosen(request: HttpRequest) -> CaseFilter:
    return read_filter(request.GET.dict(), seat_of(request).tenant, may_see_decoys=may_see_people(request))


@require_GET
@requires(Right.SEE_CASES)
def cases(request: HttpRequest) -> HttpResponse:
    chosen = _chosen(request)
    page = page_of_cases(chosen, request.GET.get("cursor", ""))
    context = {
        "rows": [shown_case(request, case) for case in page.rows],
        "count": cases_found(chosen).count(),
        "chosen": chosen,
        "query": request.GET,
        "sees_people": may_see_people(request),
        "statuses": [("", _("Every status")), *CaseStatus.choices],
        "modes": [("", _("Both modes")), *Mode.choices],
        "csv_url": reverse("cases:csv", args=[slug_of(request)]) + address_with(request, cursor=None),
        "next_url": address_with(request, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": address_with(request, cursor=page.previous_cursor) if page.previous_cursor else "",
    }
    return render(request, "recovery_console/cases.html", context)


def _lines(tenant_id: UUID, chosen: CaseFilter, *, with_names: bool) -> Iterator[str]:
    """The view's scope is over when this runs, so it opens its own."""
    with tenant_scope(tenant_id):
        rows = (
            (
                case.reference,
                case.person.display_name if with_names and case.person else "",
                case.state.label,
                Mode(case.mode).label,
                case.created_at.isoformat(timespec="seconds"),
                case.ended_at.isoformat(timespec="seconds") if case.ended_at else "",
                " ".join(
                    wording.sentences(
                        [case.decoy_reason] if case.is_decoy and case.decoy_reason else case.reasons
                    )[-1:]
                ),
            )
            for case in cases_found(chosen).iterator(chunk_size=500)
        )
        yield from sheet_lines(HEADER, rows)


@require_GET
@requires(Right.SEE_CASES)
def csv(request: HttpRequest) -> HttpResponse:
    """Exactly the list's rows, all pages of it; names only for those who may see people."""
    tenant, chosen = seat_of(request).tenant, _chosen(request)
    record_event(
        EventName.CASES_EXPORTED,
        actor=actor_of(request),
        data={"count": cases_found(chosen).count(), "filtered": chosen.is_narrow},
    )
    answer = StreamingHttpResponse(
        _lines(tenant.id, chosen, with_names=may_see_people(request)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="cases-{tenant.slug}.csv"'},
    )
    return cast(HttpResponse, answer)  # Django's two kinds of answers share only a base


def _notices(case: Case) -> list[dict[str, Any]]:
    """What was sent about the case; a decoy's mail went to nobody, and that is nobody's business here."""
    return [
        {"title": _(wording.NOTICES.get(notice.template, gettext_noop("A notice"))), "notice": notice}
        for notice in Notice.objects.filter(case_id=case.id).order_by("created_at", "id")
    ]


def _told_nobody(case: Case) -> list[str]:
    """What was to be said and reached nobody, for a person of whom no address is held."""
    name = EventName.NOTICE_TO_NOBODY.value
    found = AuditEvent.objects.filter(case_id=case.id, name=name).order_by("created_at", "id")
    return [
        _(wording.NOTICES.get(str(event.data.get("template")), gettext_noop("A notice"))) for event in found
    ]


def _entries(request: HttpRequest, case: Case) -> list[dict[str, Any]]:
    """Each leads to its page in the audit log, for those who may read that."""
    events = list(AuditEvent.objects.filter(case_id=case.id).order_by("created_at", "id")[:200])
    actors = actor_names(events)
    may_open = seat_of(request).may(Right.SEE_AUDIT)
    return [
        {
            "title": event_title(event.name),
            "actor": actors[event.id],
            "url": reverse("audit:event", args=[slug_of(request), event.public_id]) if may_open else "",
            "at": event.created_at,
            "words": _event_words(event),
        }
        for event in events
    ]


def _event_words(event: AuditEvent) -> list[str]:
    data = event.data
    told = wording.sentences(data.get("reasons") or [])
    if event.name == EventName.CASE_MOVED and data.get("to") in CaseStatus.values:
        return [str(CaseStatus(data["to"]).label), *told]
    return told


def _credential(case: Case) -> dict[str, Any] | None:
    """The state of the case's Verified ID, and whether it was tied to the account."""
    if case.credential_id is None:
        return None
    label, tone = wording.CREDENTIAL_STATES[status_of(case.credential_id)]
    bound = CredentialBinding.objects.filter(credential_id=case.credential_id).exists()
    return {"label": _(label), "tone": tone, "is_bound": bound}


def _label_of(elsewhere: DirectoryPass) -> str:
    if elsewhere.state == PassState.ENDED and not elsewhere.issues:
        return _("None was made")
    return str(PassState(elsewhere.state).label)


@require_GET
@requires(Right.SEE_CASES)
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    found = case_or_404(request, case_id)
    seat = seat_of(request)
    steps = steps_of(found)
    entries = list(UsageEntry.objects.filter(case_id=found.id).order_by("occurred_at", "id"))
    issued, elsewhere = pass_of(found.id), pass_of_case(found.id)
    actions = allowed_actions(found, issued) if seat.may(Right.ACT_ON_CASES) else []
    context = {
        **shown_case(request, found),
        "lines": journey_of(found, steps, entries, is_elsewhere=elsewhere is not None),
        "elsewhere": elsewhere,
        "elsewhere_label": _label_of(elsewhere) if elsewhere else "",
        "elsewhere_problem": wording.sentences([elsewhere.problem])[0]
        if elsewhere and elsewhere.problem
        else "",
        "elsewhere_method": wording.method_name(elsewhere.method_kind) if elsewhere else "",
        "reasons": wording.sentences(
            [found.decoy_reason] if found.is_decoy and found.decoy_reason else found.reasons
        ),
        "took": duration_words(found.ended_at - found.created_at) if found.ended_at else "",
        "assurance": _(wording.ASSURANCE[found.assurance]) if found.assurance in wording.ASSURANCE else "",
        "others": next(
            (step.evidence["others"] for step in reversed(steps) if "others" in step.evidence), None
        ),
        "access_pass": issued,
        "credential": _credential(found),
        "notices": _notices(found),
        "told_nobody": _told_nobody(found),
        "entries": _entries(request, found),
        "explanation": explaining.words_for(found.state, without_pass=ends_without_pass(found)),
        "never": explaining.never(),
        "actions": [
            {
                "label": _(ACTIONS[action]["button"]),
                "url": reverse("cases:act", args=[seat.tenant.slug, found.public_id, action.value]),
                "danger": action in WORDS,
            }
            for action in actions
        ],
        "review_url": (
            reverse("reviews:case", args=[seat.tenant.slug, found.public_id])
            if found.state is CaseStatus.IN_REVIEW and seat.may(Right.REVIEW_CASES)
            else ""
        ),
        "person_url": (
            reverse("people:person", args=[seat.tenant.slug, found.person.public_id])
            if found.person and may_see_people(request)
            else ""
        ),
        "breadcrumbs": case_crumbs(request, found),
    }
    return render(request, "recovery_console/case.html", context)


def _action_or_404(name: str) -> Action:
    try:
        return Action(name)
    except ValueError as error:
        raise Http404 from error


def _action_form(request: HttpRequest, wanted: Action) -> ActionForm:
    typed = request.POST or None
    return EndingForm(typed, word=_(WORDS[wanted])) if wanted in WORDS else ActionForm(typed)


@require_http_methods(["GET", "POST"])
@requires(Right.ACT_ON_CASES)
def act(request: HttpRequest, case_id: str, action: str) -> HttpResponse:
    """What the action does, in words, and why the member wants it; a typed word where nothing brings it back."""
    found, wanted = case_or_404(request, case_id), _action_or_404(action)
    if wanted in WORDS and not signed_in_recently(request):
        return ask_again(request)
    form = _action_form(request, wanted)
    is_open = wanted in allowed_actions(found, pass_of(found.id))
    if request.method == "POST" and form.is_valid():
        try:
            act_on_case(found.id, wanted, reason=form.cleaned_data["reason"], actor=actor_of(request))
        except Refused:
            is_open = False
        else:
            return redirect("cases:case", organisation=slug_of(request), case_id=found.public_id)
    words = ACTIONS[wanted]
    context = {
        **shown_case(request, found),
        "form": form,
        "is_open": is_open,
        "title": _(words["title"]),
        "effect": _(words["effect"]),
        "button": _(words["button"]),
        "is_dangerous": wanted in WORDS,
        "breadcrumbs": case_crumbs(request, found),
    }
    return render(request, "recovery_console/act.html", context, status=200 if is_open else 409)


@require_GET
@requires(Right.SEE_CASES)
def of_person(request: HttpRequest, person_id: str) -> HttpResponse:
    """The recovery part of a person's page: passkeys, and the cases that named this person."""
    seat = seat_of(request)
    if not seat.may(Right.SEE_PEOPLE):
        raise Http404
    try:
        person = get_person(parse_public_id("person", person_id))
    except ValueError as error:
        raise Http404 from error
    page = page_of_cases(CaseFilter(person_id=person.id), "", size=10)
    context = {
        "rows": [shown_case(request, case) for case in page.rows],
        "passkeys": (passkeys := len(passkeys_of(person.id))),
        "invite_url": (
            reverse("coverage:invite_person", args=[seat.tenant.slug, person.public_id])
            if not passkeys
            and person.status == DirectoryPerson.Status.ACTIVE
            and seat.may(Right.MANAGE_PEOPLE)
            else ""
        ),
        "all_url": f"{reverse('cases:list', args=[seat.tenant.slug])}?person={person.public_id}",
        "has_more": bool(page.next_cursor),
    }
    template = "parts/of_person.html" if request.headers.get("HX-Request") else "of_person.html"
    return render(request, f"recovery_console/{template}", context)
