"""The page of an eID that has none of its own: open its app here, or scan a code with it.

Protects people from being led on by somebody else's page: what is offered first opens the app on this very device, the code
is shown only to whoever asks for it, holds for a second, and is made here from a secret that stays here. The session belongs
to the browser that began it. What it does not do: stop somebody who shows a victim the code in the same second; the app says
what it is for, and this page says never to scan another's.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from portal.kit.origins import client_address
from portal.kit.qr import qr_svg
from recovery import proofing
from recovery.models import Case
from recovery.stages import Stage
from recovery.views.common import at_stage, go_to_stage, look_at, page, see_other
from recovery.views.proving import AT_WORK
from vendors import selectors as partners
from vendors.selectors import ProofingState
from vendors.wording import hint_words

ELSEWHERE = "elsewhere"


def _shown(request: HttpRequest, case: Case, state: ProofingState) -> dict[str, Any]:
    """`code` only where it was asked for; `said` is what the page says already, so that it is not read out again."""
    is_elsewhere = request.GET.get("app") == ELSEWHERE
    code = partners.code_now(case.attempt_id) if is_elsewhere and case.attempt_id else None
    return {
        "name": partners.listing(case.connection.vendor).title if case.connection else "",
        "link": state.continue_url,
        "is_elsewhere": is_elsewhere,
        "svg": qr_svg(code, correction="l") if code else "",
        "hint": state.hint,
        "sentence": hint_words(state.hint),
        "is_said": request.GET.get("said") == (state.hint or "nothing"),
        "is_opened": state.hint not in ("", "open_app"),
    }


def _elsewhere_or_none(case: Case, state: ProofingState) -> str | None:
    """Where the browser belongs when not on this page."""
    if state.phase in AT_WORK:
        return reverse("recovery:checking")
    if state.phase != "waiting_for_user" or not state.shows_code:
        return reverse("recovery:partner")
    return None


@at_stage(Stage.PARTNER)
@require_GET
def eid(request: HttpRequest, case: Case) -> HttpResponse:
    """The app on this device, or, asked for, the code for one on another."""
    if case.attempt_id is None:
        return go_to_stage(request, case)
    state = partners.proofing_state(case.attempt_id)
    other = _elsewhere_or_none(case, state)
    if other is not None:
        return look_at(request, other)
    return page(request, "recovery/eid.html", case, stage=Stage.PARTNER, **_shown(request, case, state))


@at_stage(Stage.PARTNER)
@require_GET
def eid_state(request: HttpRequest, case: Case) -> HttpResponse:
    """Asked every second while the page waits: this second's code, and what to do in the app."""
    if case.attempt_id is None:
        return go_to_stage(request, case)
    state = partners.proofing_state(case.attempt_id)
    other = _elsewhere_or_none(case, state)
    if other is not None:
        return look_at(request, other)
    if state.continue_url is None:
        return look_at(request, f"{reverse('recovery:eid')}?{request.GET.urlencode()}")
    return render(
        request, "recovery/parts/eid_state.html", {"is_update": True, **_shown(request, case, state)}
    )


@at_stage(Stage.PARTNER, lock=True)
@require_POST
def eid_again(request: HttpRequest, case: Case) -> HttpResponse:
    """The old one ran out before anybody came."""
    proofing.renew_partner_link(case, address=client_address(request))
    return see_other("recovery:partner")


@at_stage(Stage.PARTNER, lock=True)
@require_POST
def eid_stop(request: HttpRequest, case: Case) -> HttpResponse:
    """Another way, or later: the session is over here and at the partner, and the recovery goes on."""
    proofing.give_up_partner(case)
    return see_other("recovery:checking")
