"""Getting a Verified ID before the loss: somebody who is signed in proves who they are, and the card is tied to their
account.

Protects an account from whoever sits at an open session for a minute: the sign-in has to be fresh, a partner checks a
document and a live face, the names and the date of birth have to be the account's own, every address is told, and the card
counts for nothing for three days (recovery.held). It walks as a case does and opens nothing at its end. What it does not do:
stand in for a recovery.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.ids import public_id
from portal.kit.limits import Limit, take
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.applying import Applied, applied_to
from recovery.cases import claimant, create_case, move_case, record_step
from recovery.completion import bind_card
from recovery.models import Case, Profile
from recovery.ordering import partners_of
from recovery.own_cards import replace_earlier_cards
from recovery.passkeys.models import PersonSession
from recovery.repudiation import make_repudiation_link
from recovery.routes import route_of
from recovery.statuses import CaseStatus, Mode, Route, StepKind
from tenants.directory.selectors import emails_of, get_person
from tenants.models import Tenant
from tenants.notices.services import send_notice

FRESH = timedelta(minutes=15)
ENROLMENTS = Limit("enrolments_of_person", 6, 86_400)
# What stands where a recovery has a mailed code: the passkey this very session was opened with.
SESSION = "session"


def why_not(applied: Applied) -> str:
    """Why a person cannot get one under the profile that is for them, as a sentence; empty when they can."""
    gives_out = [
        profile
        for profile, _why in applied.considered
        if profile.mode == Mode.PRODUCTION and profile.held_days
    ]
    if not gives_out:
        return _("Your organisation does not hand out Verified IDs ahead of time.")
    if applied.profile not in gives_out:
        return _("Your organisation has not set this up for your account.")
    found = partners_of(applied.profile)
    if found and not any(route_of(one) is Route.DOCUMENT for one in found):
        return _(
            "Your organisation asks for your eID in a recovery. It hands over no portrait, so a Verified ID made with it could "
            "not start one: if you are ever locked out, use your eID."
        )
    return ""


def is_fresh(signed_in_at: datetime) -> bool:
    return signed_in_at > clock.now() - FRESH


def begin_enrolment(
    tenant: Tenant,
    *,
    person_id: UUID,
    signed_in_at: datetime,
    browser_digest: bytes,
    session_id: UUID,
) -> Case:
    """Open a case at the consent, for a new browser token. Refused with a sentence where `why_not` has one, and when the
    person signed in too long ago; TooMany for who begins without end."""
    require_no_transaction()
    if not is_fresh(signed_in_at):
        raise Refused("sign_in_again", _("You signed in a while ago. Sign in once more, then go on here."))
    take(ENROLMENTS, f"{tenant.id}|{person_id}")
    with tenant_scope(tenant.id):
        applied = applied_to(get_person(person_id))
        refusal = why_not(applied)
        if refusal or applied.profile is None:
            raise Refused("enrolment_off", refusal)
        return _open(applied.profile, person_id, browser_digest, session_id)


def _open(profile: Profile, person_id: UUID, browser_digest: bytes, session_id: UUID) -> Case:
    case = create_case(
        profile=profile,
        person=get_person(person_id),
        decoy_reason="",
        browser_digest=browser_digest,
        purpose=Case.Purpose.ENROLMENT,
    )
    evidence = {"channel": SESSION, "session": public_id(PersonSession.prefix, session_id)}
    record_step(case, StepKind.CONFIRMED, actor=claimant(case), evidence=evidence)
    return move_case(case.id, CaseStatus.PROVING, actor=claimant(case))


def complete_enrolment(case: Case, fields: dict[str, str]) -> None:
    """The decision approved: the card is this person's from here on, and every address hears of it."""
    if case.person is None:
        raise ValueError("nobody to tie the card to")
    case = move_case(case.id, CaseStatus.ENROLLED, fields=fields)
    person = get_person(case.person_id or UUID(int=0))
    bind_card(case, person)
    replaced = replace_earlier_cards(case, person.id)
    tenant = Tenant.objects.get(id=case.tenant_id)
    with timezone.override(tenant.time_zone):
        moment = date_format(timezone.localtime(clock.now()), "DATETIME_FORMAT")
    send_notice(
        "verified_id_added",
        addresses=emails_of(person.id),
        context={
            "given_names": person.given_names,
            "reference": case.reference,
            "moment": moment,
            "replaced": "yes" if replaced else "",
            "not_me_url": make_repudiation_link(tenant, case),
        },
        case_id=case.id,
    )
