"""The first pages: what recovery is, who are you, the code, the way, consent; and the ways out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from portal.kit.countries import ANOTHER, country_name
from portal.kit.errors import Invalid, Refused
from portal.kit.origins import client_address
from portal.kit.scope import tenant_scope
from portal.middleware.scope import own_scope
from recovery import carrying, consenting, first_proof, opening
from recovery.applying import profiles_in_force
from recovery.browser import (
    case_of_browser,
    forget_browser,
    new_browser,
    remember_browser,
)
from recovery.cases import TERMINAL, claimant, get_case, move_case, steps_of
from recovery.choosing import (
    choose_route,
    countries_to_say,
    may_choose,
    may_say_country,
    other_route,
    say_country,
)
from recovery.connected.reasons import ends_without_pass
from recovery.connected.rows import lives_at
from recovery.connected.showing import standing_of
from recovery.forms import CodeForm, ConsentForm, CountryForm, SavedCodeForm, WhoForm
from recovery.gathering import can_begin_with_held
from recovery.models import Case
from recovery.ordering import offered_first, partner_for, ways_into, ways_that_answer
from recovery.proof import reusable_proof
from recovery.reference_evidence import told_to
from recovery.routes import route_of
from recovery.selectors import current_stage, in_production
from recovery.stages import Stage
from recovery.statuses import KEPT_CARD, LIVE, CaseStatus, Mode, Route, StepKind, StepState
from recovery.views.common import (
    at_stage,
    at_stage_committing,
    go_to_stage,
    page,
    see_other,
    shown_by_post,
    tenant_of,
)
from recovery.views.proving import begin_proofing
from vendors import selectors as partners
from vendors.planning import keeping_of

# What a trial run consists of, as its page lists it.
TRIED = frozenset(StepKind) - {
    StepKind.PASS_ISSUED,
    StepKind.SIGNED_IN,
    StepKind.PASSKEY_REGISTERED,
    StepKind.METHOD_SEEN,
}


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What it is, what you need, what happens to your photographs."""
    case = case_of_browser(request)
    under_way = case if case and case.state in LIVE else None
    in_force = profiles_in_force()
    first = offered_first(in_force)
    ways = ways_into(in_force)
    return page(
        request,
        "recovery/start.html",
        under_way,
        is_set_up=bool(in_force),
        is_trial=all(profile.mode == Mode.EVALUATION for profile in in_force),
        partner=partners.listing(first.vendor) if first and not partners.is_eid(first.vendor) else None,
        has_document=Route.DOCUMENT in ways,
        has_eid=Route.EID in ways,
        under_way=under_way is not None,
    )


@own_scope
@require_http_methods(["GET", "POST"])
def who(request: HttpRequest) -> HttpResponse:
    """Everybody who types something gets the same answer and a case of their own."""
    form = WhoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        token, browser = new_browser()
        opening.open_case(
            tenant_of(request),
            identifier=form.cleaned_data["identifier"],
            browser_digest=browser,
            address=client_address(request),
        )
        response = see_other("recovery:code")
        remember_browser(response, token)
        return response
    return page(request, "recovery/who.html", form=form)


@at_stage_committing(Stage.CODE)
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest, case: Case) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opening.confirm_code(tenant_of(request), case.id, form.cleaned_data["code"])
        except Refused as refusal:
            if refusal.code != "code_wrong":
                return see_other("recovery:ended")
            form.add_error("code", refusal.sentence)
        else:
            return see_other("recovery:consent")
    return _code_page(request, case, form)


def _code_page(request: HttpRequest, case: Case, form: CodeForm, *, used_up: bool = False) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        goes_on_without = first_proof.is_offered()
        return page(
            request,
            "recovery/code.html",
            case,
            form=form,
            goes_on_without=goes_on_without,
            used_up=used_up,
            stage=Stage.CODE,
        )


@at_stage_committing(Stage.CODE)
@shown_by_post
def without_code(request: HttpRequest, case: Case) -> HttpResponse:
    """No code can reach them: whoever they are, they prove first, at the partner that costs nothing."""
    try:
        begun = first_proof.begin_first_proof(tenant_of(request), case.id, address=client_address(request))
    except Refused:
        return see_other("recovery:code")
    return see_other("recovery:consent") if begun else _code_page(request, case, CodeForm(), used_up=True)


@at_stage_committing(Stage.CODE)
@require_http_methods(["GET", "POST"])
def saved_code(request: HttpRequest, case: Case) -> HttpResponse:
    """For those who can read no mailbox any more: a code they saved."""
    form = SavedCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opening.confirm_saved_code(tenant_of(request), case.id, form.cleaned_data["code"])
        except Refused as refusal:
            if refusal.code != "code_wrong":
                return see_other("recovery:ended")
            form.add_error("code", refusal.sentence)
        else:
            return see_other("recovery:consent")
    return page(request, "recovery/saved_code.html", case, form=form, stage=Stage.CODE)


@at_stage_committing(Stage.CODE)
@require_POST
def code_again(request: HttpRequest, case: Case) -> HttpResponse:
    opening.send_code_again(tenant_of(request), case.id)
    return see_other("recovery:code")


@at_stage(Stage.CHOOSE, Stage.CONSENT, Stage.PROVE)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, case: Case) -> HttpResponse:
    """How to prove who they are, where there is a choice; until something was proven it may be made anew."""
    if not may_choose(case):
        return go_to_stage(request, case)
    if request.method == "POST":
        try:
            choose_route(case, Route(request.POST.get("route", "")))
        except (Refused, ValueError):
            return go_to_stage(request, get_case(case.id))
        return see_other("recovery:consent")
    return page(
        request,
        "recovery/choose.html",
        case,
        ways=ways_that_answer(case),
        chosen=case.route,
        stage=Stage.CHOOSE,
    )


@at_stage(Stage.COUNTRY, Stage.CHOOSE, Stage.CONSENT, Stage.PROVE)
@require_http_methods(["GET", "POST"])
def country(request: HttpRequest, case: Case) -> HttpResponse:
    """Which country issued what they will show, where partners differ by it and the directory does not say."""
    if not may_say_country(case):
        return go_to_stage(request, case)
    form = CountryForm(request.POST or None, countries=countries_to_say(case), said=case.issuing_country)
    if request.method == "POST" and form.is_valid():
        with suppress(Refused):  # too late: it goes on where the case is
            say_country(case, form.cleaned_data["country"])
        return go_to_stage(request, get_case(case.id))
    return page(request, "recovery/country.html", case, form=form, stage=Stage.COUNTRY)


@at_stage_committing(Stage.CONSENT)
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest, case: Case) -> HttpResponse:
    form = ConsentForm(request.POST or None)
    tenant = tenant_of(request)
    is_given = request.method == "POST" and form.is_valid()
    with tenant_scope(tenant.id):
        if not is_given:
            return _consent_page(request, case, form)
        given = form.cleaned_data
        try:
            consenting.give_consent(
                tenant,
                case,
                flashing=not given.get("no_flashing", False),
                partner=given["partner"],
                told=given["told"],
            )
        except (Refused, Invalid):
            # The partner changed, or went, while the page was read, or the way was chosen anew: it is read and agreed to anew.
            case = get_case(case.id)
            if current_stage(case) is not Stage.CONSENT:
                return go_to_stage(request, case)
            return _consent_page(request, case, ConsentForm())
        if reusable_proof(case) is not None or can_begin_with_held(case):
            return see_other("recovery:prove")
    return begin_proofing(request, case)


def _consent_page(request: HttpRequest, case: Case, form: ConsentForm) -> HttpResponse:
    tenant = tenant_of(request)
    connection = partner_for(case)
    if connection is None:
        return page(
            request,
            "recovery/no_partner.html",
            case,
            other_country=may_say_country(case),
            stage=Stage.CONSENT,
        )
    title = partners.listing(connection.vendor).title
    told = told_to(case.profile, connection)
    form.fields["partner"].initial = connection.public_id
    form.fields["told"].initial = consenting.told_words(told)
    earlier = [step for step in steps_of(case) if step.kind == StepKind.CONSENTED]
    was = earlier[-1].vendor if earlier else ""
    by_eid = route_of(connection) is Route.EID
    # One that gave way to another of the same kind; who chose the other way knows why.
    failed = was and was != connection.vendor and partners.is_eid(was) is by_eid
    left = partners.listing(was).title if failed else ""
    route = Route.EID if by_eid else Route.DOCUMENT
    if by_eid:
        form = form.of_eid()
    by_wallet = partners.asks_wallets(connection.vendor)
    text = mark_safe(  # noqa: S308  our own template
        consenting.consent_text(
            tenant,
            title,
            is_enrolment=case.is_enrolment,
            route=route,
            is_at_microsoft=case.is_at_microsoft,
            told=told,
            keeping=keeping_of(connection),
            by_wallet=by_wallet,
        )
    )
    return page(
        request,
        "recovery/consent.html",
        case,
        form=form,
        text=text,
        partner=title,
        left=left,
        partner_changed=request.method == "POST" and not form.is_bound,
        is_trial=first_proof.is_trial(case),
        may_hand_over=carrying.may_hand_over(case),
        by_eid=by_eid,
        by_wallet=by_wallet,
        other_way=other_route(case),
        said_country=_said_country(case),
        stage=Stage.CONSENT,
    )


def _said_country(case: Case) -> str:
    """What they said, while they may still say another."""
    if not case.issuing_country or not may_say_country(case):
        return ""
    another = case.issuing_country == ANOTHER
    return _("another country") if another else country_name(case.issuing_country)


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """The way out: ends the case and says so."""
    case = case_of_browser(request)
    if case and case.state in LIVE:
        move_case(case.id, CaseStatus.CANCELED, actor=claimant(case), reasons=["canceled_by_claimant"])
    return see_other("recovery:ended") if case else see_other("recovery:start")


@require_GET
def ended(request: HttpRequest) -> HttpResponse:
    case = case_of_browser(request)
    if case is None:
        return see_other("recovery:start")
    if case.state not in TERMINAL or case.state in KEPT_CARD:
        return go_to_stage(request, case)
    return page(request, "recovery/ended.html", case, **_trial(case), **_pass_elsewhere(case))


def _pass_elsewhere(case: Case) -> dict[str, Any]:
    """Of a recovery that got as far as a pass in another directory, or for which none can be made there."""
    standing = standing_of(case)
    if standing is None:
        is_early = case.attempt_id is None
        return {"no_account" if is_early else "no_pass": ends_without_pass(case)}
    found = {"no_pass": ends_without_pass(case)}
    return {**found, "pass_there": standing} if standing.row.issues else found


def _trial(case: Case) -> dict[str, Any]:
    """Of a trial run that worked: what was done, and what would have followed. Nothing about how it was matched."""
    if case.state is not CaseStatus.EVALUATED:
        return {}
    found = in_production([case.id]).get(case.id)
    steps = [step for step in steps_of(case) if step.state == StepState.DONE and step.kind in TRIED]
    return {
        "tried": [
            {"label": StepKind(step.kind).label, "at": step.ended_at or step.created_at} for step in steps
        ],
        "in_production": found.outcome.value if found else "",
        "is_elsewhere": bool(lives_at()),
    }


@require_http_methods(["GET", "POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """ "This is not my device": ends what is live here and forgets the browser."""
    if request.method == "GET":
        return page(request, "recovery/forget.html", case_of_browser(request))
    case = case_of_browser(request)
    if case and case.state in LIVE:
        move_case(case.id, CaseStatus.CANCELED, actor=claimant(case), reasons=["not_their_device"])
    response = see_other("recovery:start")
    forget_browser(response)
    return response
