"""What follows the pass and the passkey: the old ones go, everybody is told, the credential gets its account."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.ids import public_id
from portal.kit.outbox import Job
from recovery.access_pass.services import revoke_passes
from recovery.attesting.asking import close_attestations
from recovery.attesting.models import Attestation
from recovery.cases import has_done, locked, move_case, record_step
from recovery.connected.clearing import take_back as take_back_elsewhere
from recovery.connected.reasons import ends_without_pass
from recovery.expiring import UNREVIEWED
from recovery.gathering import number_kind_of
from recovery.models import Case, CredentialBinding
from recovery.old_ways import Before, end_what_was, keeps_old_ways
from recovery.own_cards import replace_earlier_cards
from recovery.proof import keep_proof, keeps_proof
from recovery.repudiation import make_repudiation_link
from recovery.routes import is_by_eid
from recovery.statuses import KEPT_CARD, CaseStatus, StepKind
from recovery.telling import tell_manager_of_recovery, tell_members_of_recovery
from tenants.directory.models import DirectoryPerson, HeldEvidence
from tenants.directory.selectors import emails_of
from tenants.directory.services import hold_evidence, raise_assurance
from tenants.models import Tenant
from tenants.notices.services import send_notice
from tenants.verified_id import credentials, issuance, presentation
from tenants.verified_id.entra import journeys
from vendors.services import release_case


def complete_recovery(tenant: Tenant, case: Case, passkey_id: UUID) -> None:
    """A passkey was kept under the case's pass: the account is recovered. In the transaction that keeps the passkey, with
    the case locked, so that there is no moment in which it opens the account and the old ones do as well."""
    person = case.person
    if person is None:
        raise ValueError("a case without a person recovers nothing")
    actor = Actor(ActorKind.PERSON, public_id("person", person.id))
    record_step(case, StepKind.PASSKEY_REGISTERED, actor=actor)
    before = end_what_was(case, person, keep={passkey_id})
    case = move_case(case.id, CaseStatus.RECOVERED, actor=actor)
    bind_card(case, person)
    replace_earlier_cards(case, person.id)
    _tell(tenant, case, person, before)


def complete_elsewhere(tenant: Tenant, case: Case, *, place: str, kind: str, number: int) -> None:
    """The pass was used in the directory where the account lives, and `number` new ways to sign in came of it, the first of
    `kind`: the account is recovered. With the case locked."""
    person = case.person
    if person is None:
        raise ValueError("a case without a person recovers nothing")
    record_step(case, StepKind.METHOD_SEEN, evidence={"method": kind, "number": number})
    before = end_what_was(case, person, keep=set())
    case = move_case(case.id, CaseStatus.RECOVERED)
    bind_card(case, person)
    replace_earlier_cards(case, person.id)
    _tell(tenant, case, person, before, place=place)


def bind_card(case: Case, person: DirectoryPerson) -> None:
    """Only now does the credential belong to an account, and the document's digest count as held."""
    proven = []
    if case.credential_id:
        binding = CredentialBinding(credential_id=case.credential_id, person=person, case=case)
        CredentialBinding.objects.bulk_create([binding], ignore_conflicts=True)
        proven.append((HeldEvidence.Kind.CREDENTIAL, case.credential_id.hex))
    # The number of a document that an eID tells was never shown: it is compared, not held. Its holder's own number is.
    kind = number_kind_of(case)
    if case.document_digest and (not is_by_eid(case) or kind is HeldEvidence.Kind.NATIONAL_ID):
        proven.append((kind, case.document_digest))
    hold_evidence(person.id, *proven)
    raise_assurance(person.id, case.assurance)


def _tell(
    tenant: Tenant,
    case: Case,
    person: DirectoryPerson,
    before: Before,
    *,
    place: str = "",
) -> None:
    """A notice to every address, each with "this was not me", and the receipt."""
    with timezone.override(tenant.time_zone):
        moment = date_format(timezone.localtime(clock.now()), "DATETIME_FORMAT")
    send_notice(
        "account_recovered",
        addresses=emails_of(person.id),
        context={
            "given_names": person.given_names,
            "reference": case.reference,
            "moment": moment,
            "removed": str(before.removed),
            "suspended": str(before.suspended) if before.suspended else "",
            "ended": str(before.ended),
            "stays_there": "yes" if place and keeps_old_ways(case) else "",
            "by_eid": "yes" if is_by_eid(case) else "",
            "elsewhere": place,
            "not_me_url": make_repudiation_link(tenant, case),
        },
        case_id=case.id,
    )
    tell_members_of_recovery(case)
    tell_manager_of_recovery(case)


def on_case_ended(job: Job) -> None:
    """Every end but `recovered` and `enrolled` revokes what the case was given, and every end destroys the proof unless it may serve the
    person again; refusals after the code, and reviews that nobody decided, are told to the person."""
    case = locked(job.uuid("case_id"))
    status = CaseStatus(job.payload["status"])
    release_case(case.id)
    if case.attestation_due:
        close_attestations(case, Attestation.End.LEFT)
    # Also of a case that is not there: a card may have been taken in the moment it moved away.
    journeys.end_of_reference(case.id, keep=case.credential_id if status in KEPT_CARD else None)
    if status in KEPT_CARD:
        issuance.destroy_of_reference(case.id)
        presentation.destroy_of_reference(case.id)
        return
    revoke_passes(case.id, reason=status.value, actor=SYSTEM)
    take_back_elsewhere(case, is_repudiated=False)
    if keeps_proof(case):
        keep_proof(case)
    else:
        issuance.destroy_of_reference(case.id)
    presentation.destroy_of_reference(case.id)
    for credential_id in credentials.credentials_of(case.id):
        credentials.revoke_credential(credential_id, reason=f"case_{status.value}", actor=SYSTEM)
    kind = _kind_of_end(case, status)
    if kind and case.person_id and has_done(case, StepKind.CONFIRMED):
        tenant = Tenant.objects.get(id=case.tenant_id)
        send_notice(
            kind,
            addresses=emails_of(case.person_id),
            context={
                "reference": case.reference,
                "not_me_url": make_repudiation_link(tenant, case),
                "enrolment": "yes" if case.is_enrolment else "",
                "without_pass": "yes" if ends_without_pass(case) else "",
            },
            case_id=case.id,
        )


def _kind_of_end(case: Case, status: CaseStatus) -> str:
    """The notice of an end that the person could not see coming; empty for one that tells itself."""
    if status is CaseStatus.REFUSED:
        return "enrolment_refused" if case.is_enrolment else "recovery_refused"
    return "review_ended" if status is CaseStatus.EXPIRED and UNREVIEWED in case.reasons else ""
