"""What stands out over an organisation's cases, read from what is there anyway: nothing is kept for it beside a case's own
digests, which are keyed and bound to the organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q

from portal.kit import clock
from recovery.models import Case, CaseStep
from recovery.patterns.judging import Counts, is_not_borne_out, refuses_less, tries_names
from recovery.patterns.models import Pattern
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.directory.models import HeldEvidence
from vendors.contract import Outcome
from vendors.models import ProofingAttempt
from vendors.phases import Errand

OF_DOCUMENT = timedelta(days=90)
OF_NETWORK = timedelta(hours=24)
RECENT = timedelta(days=7)
EARLIER = timedelta(days=56)
MOST = 50
BY_NUMBER = (HeldEvidence.Kind.DOCUMENT_NUMBER, HeldEvidence.Kind.NATIONAL_ID)
PASSED_AND_FAILED = (CaseStatus.REFUSED, CaseStatus.REPUDIATED)


@dataclass(frozen=True, slots=True)
class Found:
    """`cases` newest first; `people` only where it is they who make the pattern."""

    kind: Pattern.Kind
    key: str
    last_at: datetime
    cases: tuple[UUID, ...] = ()
    people: frozenset[UUID] = frozenset()
    figures: dict[str, int] = field(default_factory=dict)


def find_patterns() -> Iterator[Found]:
    """Everything that stands out now. In the scope."""
    now = clock.now()
    yield from _documents(now)
    yield from _networks(now)
    yield from _partners(now)


def _documents(now: datetime) -> Iterator[Found]:
    """A document that was shown for two accounts, or for one and is held as another's."""
    shown = Case.objects.filter(created_at__gt=now - OF_DOCUMENT, person_id__isnull=False)
    shown = shown.exclude(document_digest="").order_by("-created_at", "-id")
    cases: dict[str, list[UUID]] = defaultdict(list)
    people: dict[str, set[UUID]] = defaultdict(set)
    last: dict[str, datetime] = {}
    for digest, case, person, at in shown.values_list("document_digest", "id", "person_id", "created_at"):
        cases[digest].append(case)
        people[digest].add(person)
        last.setdefault(digest, at)
    held = HeldEvidence.objects.filter(kind__in=BY_NUMBER, digest__in=list(cases))
    for digest, person in held.values_list("digest", "person_id"):
        people[digest].add(person)
    for digest, whose in people.items():
        if len(whose) > 1:
            yield Found(
                Pattern.Kind.ONE_DOCUMENT,
                digest,
                last[digest],
                tuple(cases[digest][:MOST]),
                frozenset(whose),
                {"people": len(whose), "cases": len(cases[digest])},
            )


def _networks(now: datetime) -> Iterator[Found]:
    """A network from which many accounts are named and few of their mailboxes read."""
    begun = Case.objects.filter(created_at__gt=now - OF_NETWORK, purpose=Case.Purpose.RECOVERY)
    begun = begun.exclude(network_digest="")
    confirmed = CaseStep.objects.filter(case_id=OuterRef("id"), kind=StepKind.CONFIRMED, state=StepState.DONE)
    counted = (
        begun.annotate(is_confirmed=Exists(confirmed))
        .values("network_digest")
        .annotate(
            people=Count("person_id", distinct=True),
            nobody=Count("id", filter=Q(person_id=None)),
            confirmed=Count("id", filter=Q(is_confirmed=True)),
            cases=Count("id"),
            last=Max("created_at"),
        )
    )
    for network in counted:
        names = network["people"] + network["nobody"]
        if tries_names(names, network["confirmed"]):
            ids = begun.filter(network_digest=network["network_digest"]).order_by("-created_at", "-id")
            yield Found(
                Pattern.Kind.TRIED_NAMES,
                network["network_digest"],
                network["last"],
                tuple(ids.values_list("id", flat=True)[:MOST]),
                figures={"cases": network["cases"], "names": names, "confirmed": network["confirmed"]},
            )


def _partners(now: datetime) -> Iterator[Found]:
    """A partner whose answers changed: by its own refusals, and by what became of whom it passed."""
    recent = Q(ended_at__gt=now - RECENT)
    passed, refused = Q(outcome=Outcome.VERIFIED.value), Q(outcome=Outcome.NOT_VERIFIED.value)
    failed = passed & Q(has_failed=True)
    decided = ProofingAttempt.objects.filter(passed | refused, errand=Errand.RECOVERY)
    decided = decided.filter(ended_at__gt=now - RECENT - EARLIER)
    ended = Case.objects.filter(id=OuterRef("reference"), status__in=PASSED_AND_FAILED)
    counted = (
        decided.annotate(has_failed=Exists(ended))
        .values("connection_id")
        .annotate(
            now=Count("id", filter=recent),
            before=Count("id", filter=~recent),
            refused=Count("id", filter=recent & refused),
            refused_before=Count("id", filter=~recent & refused),
            passed=Count("id", filter=recent & passed),
            passed_before=Count("id", filter=~recent & passed),
            failed=Count("id", filter=recent & failed),
            failed_before=Count("id", filter=~recent & failed),
            last=Max("ended_at"),
        )
    )
    for of in counted:
        key = str(of["connection_id"])
        refusals = Counts(of["refused"], of["now"], of["refused_before"], of["before"])
        if refuses_less(refusals):
            yield Found(Pattern.Kind.REFUSES_LESS, key, of["last"], figures=_figures(refusals))
        doubtful = Counts(of["failed"], of["passed"], of["failed_before"], of["passed_before"])
        if is_not_borne_out(doubtful):
            ids = ProofingAttempt.objects.filter(recent & passed, connection_id=of["connection_id"])
            ids = ids.filter(Exists(ended), errand=Errand.RECOVERY).order_by("-ended_at", "-id")
            cases = tuple(ids.values_list("reference", flat=True)[:MOST])
            yield Found(Pattern.Kind.NOT_BORNE_OUT, key, of["last"], cases, figures=_figures(doubtful))


def _figures(counts: Counts) -> dict[str, int]:
    return {
        "events": counts.events,
        "total": counts.total,
        "events_before": counts.events_before,
        "total_before": counts.total_before,
    }
