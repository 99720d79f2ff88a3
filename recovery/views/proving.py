"""From the partner to the Face Check: prove, keep the Verified ID, show it, show your face."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Invalid, Refused, Unavailable
from portal.kit.origins import client_address
from portal.kit.qr import qr_svg
from portal.kit.scope import tenant_scope
from recovery import held, presence, proof, proofing
from recovery.browser import browser_digest, case_of_browser
from recovery.cases import get_case, steps_of
from recovery.choosing import other_route
from recovery.gathering import can_begin_with_held
from recovery.models import Case
from recovery.routes import is_by_eid
from recovery.selectors import current_stage, offer_is_over, presentation_state
from recovery.spending import Admission, hold_network_back, network_is_over, what_stops
from recovery.stages import Stage
from recovery.statuses import StepKind, StepState
from recovery.views import microsoft
from recovery.views.common import (
    at_stage,
    at_stage_committing,
    go_to_stage,
    look_at,
    page,
    see_other,
    shown_by_post,
    tenant_of,
    without_case,
)
from tenants.verified_id import presentation
from vendors import selectors as partners
from vendors.bridge.browser import browser_digest as bridge_browser
from vendors.phases import Errand
from vendors.wording import eid_end

# Phases of a session in which the claimant waits for us: the result is fetched, or fetched and not noted yet.
AT_WORK = frozenset({"processing", "done", "failed"})
# Partners send every browser back to one address; where it waits is by what it was sent for.
WAITING_PAGES = {
    Errand.RECOVERY: "recovery:checking",
    Errand.BRIDGE: "bridge:checking",
    Errand.TRIAL: "recovery:checking",
}


def _last_refusal(case: Case) -> tuple[str, ...]:
    failed = [
        step for step in steps_of(case) if step.kind == StepKind.PROOFED and step.state == StepState.FAILED
    ]
    return tuple(failed[-1].reasons) if failed else ()


@at_stage_committing(Stage.PROVE, Stage.FACE)
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest, case: Case) -> HttpResponse:
    """To the partner, or on with what was proven a short while ago. Whoever chose that may still change their mind."""
    is_post = request.method == "POST"
    with tenant_scope(tenant_of(request).id):
        if current_stage(case) is Stage.FACE and not (is_post and is_reusing(case)):
            return go_to_stage(request, case)
        if not is_post:
            return _prove_page(request, case)
        if request.POST.get("use") == "earlier":
            return _use_earlier_proof(case)
    if request.POST.get("use") == "held":
        return _use_held_card(request, case)
    return begin_proofing(request, case)


def _use_earlier_proof(case: Case) -> HttpResponse:
    try:
        proof.choose_earlier_proof(case)
    except Refused:
        return see_other("recovery:prove")
    return see_other("recovery:checking")


def _use_held_card(request: HttpRequest, case: Case) -> HttpResponse:
    """A Verified ID from before: it is shown, and a live face decides. That costs a Face Check, so the network is counted
    and nobody is led to one who would be refused after it. Outside any scope."""
    tenant = tenant_of(request)
    is_over = network_is_over(tenant, client_address(request))
    with tenant_scope(tenant.id):
        if is_over:
            hold_network_back(case)
            return _prove_page(request, case, network_over=True)
        if not can_begin_with_held(case) or what_stops(case) is Admission.TENANT_USED_UP:
            return see_other("recovery:prove")
        try:
            held.choose_held_card(case)
        except Refused:
            return see_other("recovery:prove")
    return see_other("recovery:present")


@at_stage(Stage.PRESENT)
@require_POST
def prove_instead(request: HttpRequest, case: Case) -> HttpResponse:
    """The card from before is not at hand."""
    try:
        held.drop_held_card(case)
    except Refused:
        return go_to_stage(request, case)
    return see_other("recovery:prove")


def begin_proofing(request: HttpRequest, case: Case) -> HttpResponse:
    """Count the network, commit, and only then ask for what costs money. Outside any scope."""
    tenant = tenant_of(request)
    is_over = network_is_over(tenant, client_address(request))
    try:
        with tenant_scope(tenant.id):
            if (
                proofing.begin_case_proofing(
                    tenant, case, network_is_over=is_over, address=client_address(request)
                )
                is Admission.TOO_MANY_OF_NETWORK
            ):
                return _prove_page(request, case, network_over=True)
    except Unavailable:
        # The partner was removed or paused in this very moment: the next press leads to another, or says that there is none.
        return see_other("recovery:prove")
    return see_other("recovery:partner")


def _prove_page(request: HttpRequest, case: Case, *, network_over: bool = False) -> HttpResponse:
    connection = case.connection
    return page(
        request,
        "recovery/prove.html",
        case,
        partner=partners.listing(connection.vendor) if connection else None,
        tried=any(step.kind == StepKind.PROOFED for step in steps_of(case)),
        tries_left=max(proofing.most_sessions(case) - partners.attempts_of([case.id]), 0),
        earlier=proof.reusable_proof(case),
        may_show_held=can_begin_with_held(case),
        held_refused=held.was_refused(case),
        stopped_by=what_stops(case).value,
        network_over=network_over,
        by_eid=is_by_eid(case),
        why=eid_end(_last_refusal(case)),
        other_way=other_route(case),
        stage=Stage.PROVE,
    )


@at_stage(Stage.PARTNER)
@require_GET
def partner(request: HttpRequest, case: Case) -> HttpResponse:
    """Waits for the partner's session; goes there by itself once it is ready (a link, never a form post)."""
    if case.attempt_id is None:
        return go_to_stage(request, case)
    state = partners.proofing_state(case.attempt_id)
    if state.phase in AT_WORK:
        return look_at(request, reverse("recovery:checking"))
    if state.shows_code and state.phase == "waiting_for_user":
        return look_at(request, reverse("recovery:eid"))
    if state.phase == "waiting_for_user" and state.continue_url is None:
        proofing.renew_partner_link(case)
    if state.continue_url and request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": state.continue_url})
    template = "vendors/parts/waiting.html" if request.headers.get("HX-Request") else "recovery/partner.html"
    return page(request, template, case, state=state, by_eid=is_by_eid(case), stage=Stage.PARTNER)


@require_GET
def returned(request: HttpRequest, partner: str = "") -> HttpResponse:
    """The partner sent the browser back, to its own address where there are several. Changes nothing by itself; reload it
    as often as you like."""
    query = {name: request.GET.getlist(name) for name in request.GET}
    browsers = {Errand.RECOVERY: browser_digest(request), Errand.BRIDGE: bridge_browser(request)}
    try:
        errand = proofing.return_from_partner(query, browsers, came_to=request.path)
    except (Refused, Invalid):
        # Another browser, another attempt, or nonsense: the neutral page, no data.
        return page(request, "recovery/not_here.html")
    return see_other(WAITING_PAGES[errand])


@require_GET
def checking(request: HttpRequest) -> HttpResponse:
    """Real progress while the worker exchanges, issues, matches and decides."""
    case = case_of_browser(request)
    if case is None:
        return without_case(request)
    stage = current_stage(case)
    waits_for_partner = stage is Stage.PARTNER and case.attempt_id is not None
    state = partners.proofing_state(case.attempt_id) if waits_for_partner and case.attempt_id else None
    if stage is Stage.DECIDING or (state is not None and state.phase in AT_WORK):
        template = (
            "recovery/parts/checking_state.html"
            if request.headers.get("HX-Request")
            else "recovery/checking.html"
        )
        return page(
            request, template, case, stage=stage, deciding=stage is Stage.DECIDING, by_eid=is_by_eid(case)
        )
    return go_to_stage(request, case)


@at_stage(Stage.CREDENTIAL)
@require_GET
def credential(request: HttpRequest, case: Case) -> HttpResponse:
    """Keep your Verified ID: in this browser, or in any wallet that speaks OpenID4VCI 1.0."""
    if case.is_at_microsoft:
        return microsoft.credential_page(request, case)
    return page(
        request,
        "recovery/credential.html",
        case,
        ready=case.issuance_id is not None,
        gone=not proof.is_at_hand(case),
        stage=Stage.CREDENTIAL,
    )


@at_stage(Stage.PRESENT, lock=True)
@shown_by_post
def new_card(request: HttpRequest, case: Case) -> HttpResponse:
    """The wallet with the card is out of reach: the card is void, and this browser gets another."""
    try:
        proof.ask_for_new_card(case)
    except Refused:
        return page(request, "recovery/credential.html", case, gone=True, stage=Stage.PRESENT)
    return see_other("recovery:checking")


@at_stage(Stage.CREDENTIAL)
@shown_by_post
def offer(request: HttpRequest, case: Case) -> HttpResponse:
    """A fresh offer. Into the web wallet it is a link on a page of ours, because no form post leaves our origin."""
    if case.is_at_microsoft:
        return microsoft.offer(request, case)
    other = request.POST.get("wallet") == "other"
    made = proofing.offer_for(case.id, other_wallet=other)
    if other:
        return page(
            request,
            "recovery/offer_other.html",
            case,
            svg=qr_svg(made.deep_link, correction="l"),
            link=made.deep_link,
            tx_code=made.tx_code,
            expires_at=made.expires_at,
            stage=Stage.CREDENTIAL,
        )
    return page(request, "recovery/offer.html", case, link=made.wallet_link, stage=Stage.CREDENTIAL)


@require_GET
def offer_progress(request: HttpRequest) -> HttpResponse:
    """Polled while a wallet fetches the credential."""
    case = case_of_browser(request)
    if case is None:
        return look_at(request, reverse("recovery:start"))
    if current_stage(case) is not Stage.CREDENTIAL:
        return go_to_stage(request, case)
    if request.GET.get("waits") != "no" and offer_is_over(case):
        return look_at(request, reverse("recovery:credential"))
    return HttpResponse(status=204)


@at_stage(Stage.PRESENT, lock=True)
@require_http_methods(["GET", "POST"])
def present(request: HttpRequest, case: Case) -> HttpResponse:
    """Show it: the same device first, another wallet by its standard link."""
    if case.is_at_microsoft:
        return microsoft.present_page(request, case)
    earlier, is_refused = case.presentation_id, presentation_state(case) == "refused"
    links = presentation.links_of(presence.begin_case_presentation(tenant_of(request), case))
    return page(
        request,
        "recovery/present.html",
        case,
        wallet_link=links.wallet_link,
        deep_link=links.deep_link,
        refused=is_refused,
        declined=is_refused and earlier is not None and presentation.is_declined(earlier),
        ask_first=is_refused or not proof.browser_is_known(case),
        by_eid=is_by_eid(case),
        stage=Stage.PRESENT,
    )


@at_stage(Stage.PRESENT, lock=True)
@shown_by_post
def present_elsewhere(request: HttpRequest, case: Case) -> HttpResponse:
    """Show it from a wallet on another device: a code to scan, and this page waits. Asked for by a post, so that nothing
    turns a request for this device into one that anybody's wallet may answer."""
    if case.is_at_microsoft:
        return see_other("recovery:present")
    begun = presence.begin_case_presentation(tenant_of(request), case, is_cross_device=True)
    link = presentation.links_of(begun).deep_link
    return page(
        request,
        "recovery/present_elsewhere.html",
        case,
        svg=qr_svg(link, correction="l"),
        link=link,
        stage=Stage.PRESENT,
    )


@require_GET
def present_progress(request: HttpRequest) -> HttpResponse:
    """Polled while a wallet on another device answers."""
    case = case_of_browser(request)
    if case is None:
        return look_at(request, reverse("recovery:start"))
    if current_stage(case) is not Stage.PRESENT:
        return go_to_stage(request, case)
    if presence.look_for_answer(case, browser_digest=browser_digest(request)):
        return go_to_stage(request, get_case(case.id))
    if presentation_state(case) != "waiting":
        return look_at(request, reverse("recovery:present"))
    return HttpResponse(status=204)


@require_GET
def presented(request: HttpRequest) -> HttpResponse:
    """The wallet sent the browser back with a `response_code`: used once, in the browser that asked."""
    case = case_of_browser(request, lock=True)
    if case is None:
        return without_case(request)
    code = request.GET.get("response_code", "")
    if current_stage(case) is Stage.PRESENT and code:
        try:
            presence.return_from_wallet(case, response_code=code, browser_digest=browser_digest(request))
        except Refused:
            return page(request, "recovery/not_here.html", case)
    return go_to_stage(request, case)


def is_reusing(case: Case) -> bool:
    """Whether the person chose an earlier proof that is not this case's own yet."""
    return case.earlier_case_id is not None and proof.wants_face_first(case) and case.issuance_id is None
