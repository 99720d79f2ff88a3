"""What a person agrees to before a partner is asked: what is shown, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from portal.kit.errors import Invalid, Refused
from recovery.cases import claimant, locked, record_step
from recovery.choosing import has_to_say_country, routes_open_to
from recovery.models import Case
from recovery.ordering import partner_for
from recovery.reference_evidence import TOLD, told_to
from recovery.routes import route_of
from recovery.statuses import CaseStatus, Route, StepKind
from tenants.models import Tenant
from tenants.privacy.services import consent_of, record_consent
from vendors import selectors as partners
from vendors.contract import Reference
from vendors.planning import Keeping, keeping_of

# What is shown, by the way it is for.
CONSENT_VERSIONS = {Route.DOCUMENT: "2026-12-01", Route.EID: "2026-12-01 eid"}
AT_MICROSOFT = " microsoft"
# A partner of somebody else's keeps what its own rules say, and is or is not asked to erase it.
AND_KEPT, AND_ERASED = " 12-01 kept", " 12-01 erased"
BY_WALLET = " 12-01 wallet"
AND_TOLD = " told"


def consent_text(
    tenant: Tenant,
    partner: str,
    *,
    is_enrolment: bool = False,
    route: Route = Route.DOCUMENT,
    is_at_microsoft: bool = False,
    told: Sequence[Reference] = (),
    keeping: Keeping = Keeping.NOTHING,
    by_wallet: bool = False,
) -> str:
    """Exactly what is shown; its digest goes into the record."""
    about = {
        "organisation": tenant,
        "partner": partner,
        "is_enrolment": is_enrolment,
        "is_at_microsoft": is_at_microsoft,
        "by_eid": route is Route.EID,
        "by_wallet": by_wallet,
        "keeps": keeping is not Keeping.NOTHING,
        "erases": keeping is Keeping.UNTIL_ASKED,
        "tells_names": Reference.NAMES in told,
        "tells_birthdate": Reference.BIRTHDATE in told,
    }
    name = "recovery/consent_text_eid.html" if route is Route.EID else "recovery/consent_text.html"
    return render_to_string(name, about)


def purpose_of(tenant: Tenant, case: Case) -> str:
    """What a partner and a wallet are told it is for."""
    if case.is_enrolment:
        return _("Get your Verified ID of %(organisation)s") % {"organisation": tenant.name}
    return _("Recover your account at %(organisation)s") % {"organisation": tenant.name}


def told_words(told: Sequence[Reference]) -> str:
    """As the consent page carries it: what it said that the partner is told."""
    return " ".join(one.value for one in told)


def give_consent(
    tenant: Tenant, case: Case, *, flashing: bool, partner: str = "", told: str | None = None
) -> None:
    """Record the consent once; a second tab finds it given. `partner` is the public id of the one the page named, and `told`
    what the page said that it is told of the person: Refused ("another_partner") when either is another by now, for nobody
    agrees to what they did not read; without `told` it is told nothing. From here on the case proves in the way that this
    partner is listed for."""
    case = locked(case.id)
    if case.state is not CaseStatus.PROVING or case.connection_id is not None:
        return
    has_choice = len(routes_open_to(case)) > 1
    if has_choice and not case.route:
        raise Refused("route_not_chosen")
    if has_to_say_country(case):
        raise Refused("country_not_said")
    connection = partner_for(case)
    if connection is None:
        raise Invalid("no_partner", _("Recovery is not set up here yet. Call your help desk."))
    if (partner or has_choice) and partner != connection.public_id:
        raise Refused("another_partner")
    tells = told_to(case.profile, connection) if told is not None else ()
    if told is not None and told != told_words(tells):
        raise Refused("another_partner")
    route = route_of(connection)
    version = CONSENT_VERSIONS[route] + (AT_MICROSOFT if case.is_at_microsoft else "")
    version += AND_TOLD if tells else ""
    keeping, by_wallet = keeping_of(connection), partners.asks_wallets(connection.vendor)
    version += BY_WALLET if by_wallet else ""
    if route is not Route.EID:
        version += {Keeping.BY_ITS_RULES: AND_KEPT, Keeping.UNTIL_ASKED: AND_ERASED}.get(keeping, "")
    case.connection, case.route = connection, route.value
    case.save(update_fields=["connection", "route"])
    record_consent(
        case_id=case.id,
        text=consent_text(
            tenant,
            partners.listing(connection.vendor).title,
            is_enrolment=case.is_enrolment,
            route=route,
            is_at_microsoft=case.is_at_microsoft,
            told=tells,
            keeping=keeping,
            by_wallet=by_wallet,
        ),
        text_version=version,
        language=translation.get_language() or "en",
        partner=connection.vendor,
        flashing=flashing and route is not Route.EID,
        actor=claimant(case),
    )
    record_step(
        case,
        StepKind.CONSENTED,
        actor=claimant(case),
        vendor=connection.vendor,
        evidence={
            "text_version": version,
            "route": route.value,
            **({"country_said": case.issuing_country} if case.issuing_country else {}),
            **({TOLD: [one.value for one in tells]} if tells else {}),
        },
    )


def allows_flashing(case: Case) -> bool:
    consent = consent_of(case.id)
    return bool(consent and consent.flashing and not case.no_flashing)
