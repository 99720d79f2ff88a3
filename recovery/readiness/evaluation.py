"""What evaluated cases of a profile would have done in production, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from recovery.cases import TERMINAL
from recovery.models import Case, Profile
from recovery.selectors import InProduction, in_production
from recovery.statuses import CaseStatus, Mode
from vendors.billing.models import UsageEntry

PAGE = 50


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluated case. `foretold` None: it ended before it was decided, or was decided before this was written down."""

    case: Case
    foretold: InProduction | None
    costs: Mapping[str, Decimal]

    @property
    def took(self) -> timedelta | None:
        return self.case.ended_at - self.case.created_at if self.case.ended_at else None


@dataclass(frozen=True, slots=True)
class Counts:
    """Over all trials of a profile, not only those of a page."""

    ended: int
    worked: int
    refused: int


def trials_of(profile: Profile) -> QuerySet[Case]:
    """Ended ones, newest first; decoys are nobody's trial."""
    found = Case.objects.filter(profile=profile, mode=Mode.EVALUATION, is_decoy=False, status__in=TERMINAL)
    return found.select_related("person").order_by("-created_at", "-id")


def newest_trials(profile: Profile) -> list[Trial]:
    cases = list(trials_of(profile)[:PAGE])
    foretold = in_production([case.id for case in cases])
    costs = _costs([case.id for case in cases])
    return [Trial(case, foretold.get(case.id), costs.get(case.id, {})) for case in cases]


def _costs(case_ids: Sequence[UUID]) -> dict[UUID, dict[str, Decimal]]:
    found: dict[UUID, dict[str, Decimal]] = {}
    entries = UsageEntry.objects.filter(case_id__in=case_ids).values("case_id", "currency")
    for row in entries.annotate(sum=Sum("amount")).order_by():
        if row["case_id"]:
            found.setdefault(row["case_id"], {})[row["currency"]] = row["sum"]
    return found


def counts_of(profile: Profile) -> Counts:
    found = trials_of(profile).order_by().values("status").annotate(number=Count("id"))
    counted = {row["status"]: row["number"] for row in found}
    return Counts(
        sum(counted.values()),
        counted.get(CaseStatus.EVALUATED.value, 0),
        counted.get(CaseStatus.REFUSED.value, 0),
    )


def costs_of(profile: Profile) -> dict[str, Decimal]:
    """By currency, of all its trials."""
    cases = trials_of(profile).order_by().values("id")
    entries = UsageEntry.objects.filter(case_id__in=cases).values("currency")
    return {row["currency"]: row["sum"] for row in entries.annotate(sum=Sum("amount")).order_by("currency")}


def usual_time(trials: Sequence[Trial]) -> timedelta | None:
    """The median of those that worked: half were quicker."""
    took = [
        trial.took.total_seconds()
        for trial in trials
        if trial.case.state is CaseStatus.EVALUATED and trial.took
    ]
    return timedelta(seconds=median(took)) if took else None
