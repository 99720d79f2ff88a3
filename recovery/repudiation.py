""" "This was not me": the link in every mail about a case, and what it stops.

Protects a person whose account somebody else recovered or tried to. The link works once for a week, asks before it
acts, and freezes first: passes, passkeys, sessions and the credential of the case go at once. What it does not do:
sign anybody in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import Refused
from portal.kit.ids import parse_public_id
from portal.kit.origins import tenant_url
from portal.kit.together import insert_soon
from recovery.access_pass.services import revoke_passes
from recovery.cases import last_done, locked, move_case
from recovery.connected.clearing import take_back as take_back_elsewhere
from recovery.models import Case, CredentialBinding, RepudiationLink
from recovery.passkeys.models import PersonSession
from recovery.passkeys.saved_codes import count_codes_of_session, void_codes_of_session, void_saved_codes
from recovery.passkeys.taking_away import end_sessions, freeze_passkeys
from recovery.statuses import KEPT_CARD, MOVES, CaseStatus, StepKind
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import HeldEvidence
from tenants.directory.selectors import emails_of
from tenants.models import Tenant
from tenants.notices.services import send_notice
from tenants.verified_id import credentials, issuance

LINK_LIFE = timedelta(days=7)


def make_repudiation_link(tenant: Tenant, case: Case) -> str:
    """A new link for one mail. It opens a page that asks; nothing happens on opening."""
    token = new_token()
    insert_soon(RepudiationLink(case=case, token_digest=digest(token), expires_at=clock.now() + LINK_LIFE))
    return tenant_url(tenant.slug, f"/not-me/{token}")


def find_link(token: str) -> RepudiationLink | None:
    """The live link behind a token."""
    return (
        RepudiationLink.objects.filter(token_digest=digest(token), used_at=None, expires_at__gt=clock.now())
        .select_related("case")
        .first()
    )


def session_of(case: Case) -> UUID | None:
    """The session an enrolment was begun in."""
    confirmed = last_done(case, StepKind.CONFIRMED) if case.is_enrolment else None
    named = confirmed.evidence.get("session", "") if confirmed else ""
    return parse_public_id(PersonSession.prefix, named) if named else None


def saved_codes_at_stake(case: Case) -> int:
    """How many saved codes were made in the session an enrolment was begun in: whoever sat there may have written them
    down."""
    return count_codes_of_session(case.person_id, session_of(case)) if case.person_id else 0


def _forget_evidence(case: Case, person_id: UUID) -> None:
    """What this case left behind to be recognised by next time is somebody else's. What was held before stays."""
    CredentialBinding.objects.filter(case=case).delete()
    wanted = [
        HeldEvidence.Kind.DOCUMENT_NUMBER,
        HeldEvidence.Kind.NATIONAL_ID,
        HeldEvidence.Kind.CREDENTIAL,
    ]
    left = HeldEvidence.objects.filter(person_id=person_id, kind__in=wanted, held_since__gte=case.created_at)
    digests = [case.document_digest, case.credential_id.hex if case.credential_id else ""]
    left.filter(digest__in=[digest for digest in digests if digest]).delete()


def take_back(case: Case, *, reason: str, actor: Actor) -> None:
    """Pass, registration window, Verified ID and proof of a case, at once: nobody waits for the worker. A card from before
    that was shown in it goes as well. With the case locked."""
    revoke_passes(case.id, reason=reason, actor=actor)
    take_back_elsewhere(case, is_repudiated=True)
    issuance.destroy_of_reference(case.id)
    given = credentials.credentials_of(case.id)
    if case.shows_held and case.credential_id is not None:
        # Whoever is behind this case holds the wallet as well.
        given.append(case.credential_id)
        CredentialBinding.objects.filter(credential_id=case.credential_id).delete()
    for credential_id in given:
        credentials.revoke_credential(credential_id, reason=reason, actor=actor)


def stop_case(case: Case, *, reason: str, actor: Actor) -> Case:
    """Stop a case at whatever status it is, and freeze what it gave: the owner's word, or a member's. A case that had
    ended without an account keeps its end. With the case locked."""
    reached_account = case.state is CaseStatus.GRANTED or case.gave_account
    stays = reached_account or case.state is CaseStatus.ENROLLED
    target = CaseStatus.REPUDIATED if stays else CaseStatus.CANCELED
    take_back(case, reason=reason, actor=actor)
    if case.person_id and case.state in KEPT_CARD:
        _forget_evidence(case, case.person_id)
    if case.person_id and case.state is CaseStatus.ENROLLED:
        # Whoever got the card sat at an open session; the passkeys are the owner's.
        end_sessions(case.person_id, keep=None, reason=reason, actor=actor)
    if case.person_id and reached_account:
        void_saved_codes(case.person_id)
        freeze_passkeys(case.person_id, reason=reason, actor=actor)
        end_sessions(case.person_id, keep=None, reason=reason, actor=actor)
    if MOVES.allows(case.state, target):
        case = move_case(case.id, target, actor=actor, reasons=[reason])
    if case.person_id and reached_account:
        send_notice(
            "repudiated",
            addresses=emails_of(case.person_id),
            context={"reference": case.reference},
            case_id=case.id,
        )
    return case


@dataclass(frozen=True, slots=True)
class Stopped:
    """What "this was not me" did. `ended_codes`: saved codes that open nothing any more."""

    case: Case
    ended_codes: int = 0


def repudiate(token: str, *, ends_codes: bool = False) -> Stopped:
    """Stop the case and everything it gave. Of an enrolment every session ends, whatever became of it: it was begun in one;
    and with `ends_codes` the saved codes that were made there. Refused for a link that is used, old or unknown."""
    link = find_link(token)
    taken = link and RepudiationLink.objects.filter(id=link.id, used_at=None).update(used_at=clock.now())
    if link is None or not taken:
        raise Refused("link_dead", _("This link has been used or is too old. Call your help desk."))
    case = locked(link.case_id)
    actor = Actor(ActorKind.PERSON, case.public_id)
    ended = 0
    if case.is_enrolment and case.person_id:
        if ends_codes:
            ended = void_codes_of_session(case.person_id, session_of(case))
        end_sessions(case.person_id, keep=None, reason="not_me", actor=actor)
    record_event(
        EventName.NOT_ME,
        actor=actor,
        subject=case.public_id,
        case_id=case.id,
        data={"saved_codes": ended} if ended else None,
    )
    return Stopped(stop_case(case, reason="not_me", actor=actor), ended)
