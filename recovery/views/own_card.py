"""Your Verified ID, for somebody who is signed in: what there is, what it is good for, getting one, taking it away."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.errors import Refused, TooMany
from portal.kit.ids import parse_public_id
from portal.kit.scope import tenant_scope
from recovery import enrolment
from recovery.applying import applied_to
from recovery.browser import new_browser, remember_browser
from recovery.models import Case
from recovery.own_cards import get_own_card, own_cards, remove_own_card
from recovery.passkeys.browser import signed_in, signed_in_committing
from recovery.passkeys.models import PersonSession
from recovery.passkeys.services import person_actor
from recovery.stages import Stage
from recovery.views.common import at_stage, page, see_other, tenant_of
from tenants.directory.selectors import get_person
from tenants.verified_id.claim_names import CLAIM_NAMES, LOCALES, names_of
from tenants.verified_id.models import Credential
from tenants.verified_id.selectors import authority


def _claims(language: str) -> list[str]:
    """What a new card holds, in the reader's language where the card speaks it."""
    found = authority()
    left_out = found.left_out if found else ()
    spoken = language.partition("-")[0]
    locale = spoken if spoken in LOCALES else "en"
    return [names_of(name)[locale] for name in CLAIM_NAMES if name not in left_out]


def _page(request: HttpRequest, session: PersonSession, *, refusal: str = "") -> HttpResponse:
    applied = applied_to(get_person(session.person_id))
    return page(
        request,
        "recovery/own_card.html",
        cards=own_cards(session.person_id, applied.profile),
        claims=_claims(request.LANGUAGE_CODE),
        why_not=enrolment.why_not(applied),
        is_fresh=enrolment.is_fresh(session.created_at),
        refusal=refusal,
    )


@signed_in
@require_GET
def own_card(request: HttpRequest, session: PersonSession) -> HttpResponse:
    return _page(request, session)


@signed_in_committing
@require_POST
def enrol(request: HttpRequest, session: PersonSession) -> HttpResponse:
    """To the consent, in a browser token of its own; or this page again with the reason."""
    tenant, (token, digest) = tenant_of(request), new_browser()
    try:
        enrolment.begin_enrolment(
            tenant,
            person_id=session.person_id,
            signed_in_at=session.created_at,
            browser_digest=digest,
            session_id=session.id,
        )
    except (Refused, TooMany) as error:
        with tenant_scope(tenant.id):
            return _page(request, session, refusal=str(error.sentence))
    response = see_other("recovery:consent")
    remember_browser(response, token)
    return response


@at_stage(Stage.ENROLLED)
@require_GET
def enrolled(request: HttpRequest, case: Case) -> HttpResponse:
    """The card is tied to the account."""
    return page(request, "recovery/enrolled.html", case)


def _id_or_404(text: str) -> UUID:
    try:
        return parse_public_id(Credential.prefix, text)
    except ValueError as error:
        raise Http404 from error


@signed_in
@require_http_methods(["GET", "POST"])
def remove_card(request: HttpRequest, session: PersonSession, credential_id: str) -> HttpResponse:
    """After a look at what is lost."""
    wanted = _id_or_404(credential_id)
    if request.method == "POST":
        remove_own_card(tenant_of(request), session.person_id, wanted, actor=person_actor(session.person_id))
        return see_other("recovery:own_card")
    return page(request, "recovery/remove_card.html", card=get_own_card(session.person_id, wanted))
