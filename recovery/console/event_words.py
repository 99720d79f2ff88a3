"""Words for the entries of the audit log that a case can cause."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit.actors import ActorKind
from portal.kit.ids import parse_public_id
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.models import Member
from tenants.selectors import names_of_members

N = EventName
EVENTS: dict[EventName, str] = {
    N.CASE_OPENED: gettext_noop("Case opened"),
    N.CASE_MOVED: gettext_noop("Status changed"),
    N.CASE_STEP_RECORDED: gettext_noop("Step written down"),
    N.CASE_DECIDED: gettext_noop("Decided"),
    N.CALLOUT_ANSWERED: gettext_noop("One of your own systems was asked"),
    N.CASE_REVIEWED: gettext_noop("Verdict given in review"),
    N.CASE_ACTED_ON: gettext_noop("A member acted on the case"),
    N.CASE_ALERTED: gettext_noop("Members were alerted"),
    N.ATTESTATION_ASKED: gettext_noop("Somebody who knows them was asked"),
    N.ATTESTATION_ANSWERED: gettext_noop("Somebody who knows them answered"),
    N.ATTESTATION_CODE_REFUSED: gettext_noop("Wrong code of somebody who was asked"),
    N.ATTESTER_REFUSED: gettext_noop("Somebody who may not answer opened the question"),
    N.CASE_CONTINUATION_ASKED: gettext_noop("Continuation code typed in another browser"),
    N.CASE_CONTINUED: gettext_noop("Continued in another browser"),
    N.CARRY_CODE_REFUSED: gettext_noop("Code that moves the case refused"),
    N.PROOF_REUSED: gettext_noop("An earlier proof served again"),
    N.PROOF_VOIDED: gettext_noop("What the eID proved does not stand any more: it is asked again"),
    N.CASE_HANDED_TO_PHONE: gettext_noop("Moved to a phone"),
    N.PAID_CHECK_HELD_BACK: gettext_noop("Paid check not begun: too many from one network"),
    N.CONSENT_GIVEN: gettext_noop("Consent given"),
    N.CONFIRMATION_CODE_SENT: gettext_noop("Code sent"),
    N.CONFIRMATION_CODE_ACCEPTED: gettext_noop("Code accepted"),
    N.CONFIRMATION_CODE_REFUSED: gettext_noop("Code refused"),
    N.PROOFING_STARTED: gettext_noop("Proofing begun at the partner"),
    N.PROOFING_COMPLETED: gettext_noop("The partner answered"),
    N.PROOFING_REFUSED: gettext_noop("The partner refused"),
    N.PROOFING_CONTRADICTED: gettext_noop("The partner contradicted itself"),
    N.PROOFING_ERASED: gettext_noop("The partner was asked to erase what it kept"),
    N.CREDENTIAL_OFFERED: gettext_noop("Verified ID offered"),
    N.CREDENTIAL_ISSUED: gettext_noop("Verified ID issued"),
    N.CREDENTIAL_ACCEPTED: gettext_noop("Verified ID accepted by the wallet"),
    N.CREDENTIAL_REVOKED: gettext_noop("Verified ID revoked"),
    N.CREDENTIAL_SUSPENDED: gettext_noop("Verified ID suspended"),
    N.CREDENTIAL_REINSTATED: gettext_noop("Verified ID valid again"),
    N.PRESENTATION_REQUESTED: gettext_noop("Verified ID asked for"),
    N.PRESENTATION_VERIFIED: gettext_noop("Verified ID checked"),
    N.PRESENTATION_REFUSED: gettext_noop("Verified ID not accepted"),
    N.FACE_CHECK_STARTED: gettext_noop("Face Check begun"),
    N.FACE_CHECK_COMPLETED: gettext_noop("Face Check decided"),
    N.USAGE_KEPT_ASIDE: gettext_noop("Usage kept aside: it has no price"),
    N.BUDGET_CAP_MET: gettext_noop("Held up by the cap of a budget"),
    N.USAGE_CORRECTED: gettext_noop("Counted usage taken back"),
    N.PASS_ISSUED: gettext_noop("Pass issued"),
    N.PASS_REDEEMED: gettext_noop("Pass used"),
    N.PASS_REFUSED: gettext_noop("Pass refused"),
    N.PASS_REVOKED: gettext_noop("Pass revoked"),
    N.PASS_SHOWN: gettext_noop("Pass shown"),
    N.PASS_DELAYED: gettext_noop("Pass not made yet"),
    N.PASS_LOST: gettext_noop("Pass replaced or removed in the directory"),
    N.PASS_ASKED_AGAIN: gettext_noop("Another pass asked for"),
    N.ACCOUNT_CLEARED: gettext_noop("Passes, ways to sign in or sessions removed in the directory"),
    N.PASSKEY_REGISTERED: gettext_noop("Passkey registered"),
    N.PASSKEY_REFUSED: gettext_noop("Passkey refused"),
    N.PASSKEY_INVALIDATED: gettext_noop("Earlier passkey invalidated"),
    N.PASSKEY_FROZEN: gettext_noop("Passkey frozen"),
    N.PASSKEY_SUSPENDED: gettext_noop("Passkey suspended until its person confirms it"),
    N.PASSKEY_CONFIRMED: gettext_noop("Passkey confirmed"),
    N.SESSIONS_ENDED: gettext_noop("Sign-ins ended"),
    N.SIGNED_IN: gettext_noop("Signed in"),
    N.SIGN_IN_REFUSED: gettext_noop("Earlier passkey tried"),
    N.NOT_ME: gettext_noop("The owner said that it was not them"),
    N.NOTICE_SENT: gettext_noop("Mail sent"),
    N.NOTICE_FAILED: gettext_noop("Mail could not be sent"),
    N.NOTICE_TO_NOBODY: gettext_noop("Nobody could be told: no address is held"),
    N.EVIDENCE_HELD: gettext_noop("Evidence kept for the next time"),
}
ACTORS: dict[str, str] = {
    ActorKind.MEMBER: gettext_noop("Member"),
    ActorKind.PERSON: gettext_noop("The person, proven"),
    ActorKind.CLAIMANT: gettext_noop("At the recovery page, not proven"),
    ActorKind.VENDOR: gettext_noop("Partner"),
    ActorKind.WALLET: gettext_noop("Wallet"),
    ActorKind.OPERATOR: gettext_noop("Support of the platform"),
    ActorKind.SYSTEM: gettext_noop("Readmit"),
}
_OTHER = gettext_noop("Something else was written down")


def event_title(name: str) -> str:
    known = {event.value: title for event, title in EVENTS.items()}
    return _(known.get(name, _OTHER))


def actor_title(kind: str) -> str:
    return _(ACTORS[kind]) if kind in ACTORS else ""


def actor_names(events: Sequence[AuditEvent]) -> dict[UUID, str]:
    """For each event who did it: a colleague by name, anybody else by what they are."""
    members = {event.id: found for event in events if (found := _member_id(event))}
    names = names_of_members(set(members.values())) if members else {}
    return {
        event.id: names.get(members.get(event.id, UUID(int=0)), actor_title(event.actor_kind))
        for event in events
    }


def _member_id(event: AuditEvent) -> UUID | None:
    if event.actor_kind != ActorKind.MEMBER:
        return None
    try:
        return parse_public_id(Member.prefix, event.actor_id)
    except ValueError:  # somebody with a set-up link
        return None
