"""What is known of a recovery that may be a sign of risk: gathered for `recovery.signs`, which judges it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from portal.kit import clock
from recovery.attesting.attesters import ATTESTED_NOT_THEM
from recovery.cases import last_done, unproven
from recovery.consenting import allows_flashing
from recovery.models import Case, CaseStep
from recovery.signs import Limits, Sign, SignFacts, signs_of
from recovery.statuses import GAVE_ACCOUNT, KEPT_CARD, LIVE, CaseStatus, EvidenceKind, StepKind, StepState
from tenants.directory.matching import PersonMatch
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import addresses_of
from tenants.models import Tenant

# What ties a person to the account beside names, a date of birth and a mailbox.
TIES = frozenset(EvidenceKind) - {EvidenceKind.DOCUMENT_PHOTOGRAPH, EvidenceKind.HELD_ADDRESS}
IN_NETWORK = timedelta(hours=24)


def signs_of_case(
    case: Case, person: DirectoryPerson, match: PersonMatch, kinds: frozenset[EvidenceKind]
) -> tuple[Sign, ...]:
    """Every sign there is, by the limits of the case's profile. In the scope, with the case locked."""
    return signs_of(_facts(case, person, match, kinds), Limits.of(case.profile.sign_limits))


def _facts(
    case: Case, person: DirectoryPerson, match: PersonMatch, kinds: frozenset[EvidenceKind]
) -> SignFacts:
    mine = Case.objects.filter(person=person, purpose=Case.Purpose.RECOVERY).exclude(unproven())
    others = list(mine.exclude(id=case.id))
    tenant = Tenant.objects.get(id=case.tenant_id)
    return SignFacts(
        is_privileged=person.is_privileged,
        days_since_refusal=_since(_refusals(case, person)),
        days_since_address=_since(_newer_addresses(person)),
        # One that nobody confirmed is anybody's, and cannot be held against the person.
        other_live=sum(other.state in LIVE and other.state is not CaseStatus.OPENED for other in others),
        network_is_new=_network_is_new(case, others),
        others_in_network=_others_in_network(case),
        is_tied=match.document_was_held or bool(kinds & TIES),
        match_confidence=match.confidence or None,
        match_reasons=match.reasons,
        face_above_threshold=_face_above_threshold(case),
        document_days_left=_document_days_left(case),
        days_since_recovery=_since([other.ended_at for other in others if other.state in GAVE_ACCOUNT]),
        days_since_not_me=_since([other.ended_at for other in others if _was_not_me(other)]),
        without_address=case.proves_first and not match.document_was_held,
        face_without_colours=last_done(case, StepKind.FACE_CHECKED) is not None and not allows_flashing(case),
        local_time=clock.now().astimezone(ZoneInfo(tenant.time_zone)),
    )


def _since(moments: Iterable[datetime | None]) -> float | None:
    """Days since the latest of those that are known."""
    known = [moment for moment in moments if moment is not None]
    return (clock.now() - max(known)) / timedelta(days=1) if known else None


def _refusals(case: Case, person: DirectoryPerson) -> list[datetime]:
    """When somebody who had read the person's mailbox was refused, or showed a face that was not the one. What strangers
    can cause by a name alone is none."""
    refused = Q(case__status=CaseStatus.REFUSED, kind=StepKind.CONSENTED)
    another_face = Q(kind=StepKind.FACE_CHECKED, state=StepState.FAILED, evidence__confidence__isnull=False)
    found = CaseStep.objects.filter(refused | another_face, case__person=person).exclude(case_id=case.id)
    found = found.exclude(unproven("case__"))
    latest = found.order_by("-created_at").select_related("case").first()
    return [latest.created_at] if latest else []


def _newer_addresses(person: DirectoryPerson) -> list[datetime]:
    """Since when each address is held that came after the first: an account whose every address is as old changed none."""
    held = [address.held_since for address in addresses_of(person.id)]
    return [moment for moment in held if moment - min(held) > timedelta(days=1)]


def ends_by_person(ids: Collection[UUID]) -> dict[UUID, tuple[datetime | None, datetime | None]]:
    """(the last recovery, the last that was not them) of each who had one, as signs count them. One statement."""
    found: dict[UUID, tuple[datetime | None, datetime | None]] = {}
    cases = Case.objects.filter(person_id__in=ids, purpose=Case.Purpose.RECOVERY).exclude(ended_at=None)
    for case in cases.order_by("ended_at", "id").iterator(chunk_size=2_000):
        if case.person_id is None:
            continue
        recovered, not_me = found.get(case.person_id, (None, None))
        if case.state in GAVE_ACCOUNT:
            recovered = case.ended_at
        if _was_not_me(case):
            not_me = case.ended_at
        found[case.person_id] = (recovered, not_me)
    return found


def _network_is_new(case: Case, others: list[Case]) -> bool | None:
    known = {other.network_digest for other in others if other.state in KEPT_CARD | GAVE_ACCOUNT} - {""}
    return case.network_digest not in known if known and case.network_digest else None


def _others_in_network(case: Case) -> int | None:
    """Recoveries of other people, or of nobody, that began in this network in a day."""
    if not case.network_digest:
        return None
    since = clock.now() - IN_NETWORK
    found = Case.objects.filter(network_digest=case.network_digest, created_at__gt=since)
    return found.exclude(person_id=case.person_id).count()


def _face_above_threshold(case: Case) -> int | None:
    checked = last_done(case, StepKind.FACE_CHECKED)
    told = checked.evidence if checked else {}
    if told.get("confidence") is None or told.get("threshold") is None:
        return None
    return int(told["confidence"] - told["threshold"])


def _document_days_left(case: Case) -> int | None:
    proofed = last_done(case, StepKind.PROOFED)
    told = proofed.evidence.get("document_days_left") if proofed else None
    return None if told is None else int(told)


def _was_not_me(other: Case) -> bool:
    return other.state is CaseStatus.REPUDIATED or not {"not_me", ATTESTED_NOT_THEM}.isdisjoint(other.reasons)
