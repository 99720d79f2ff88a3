"""Whom a document means, among accounts that were written down: the claimed one, or whoever fits alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenants.directory.matching.comparison import Comparison, Decision, MatchPolicy, ProvenIdentity, compare
from tenants.directory.matching.match import could_be, match_person
from tenants.directory.matching.reading import Account


@dataclass(frozen=True, slots=True)
class Answer:
    """`account` is who was compared in the end; `others` are the accounts that fit as well."""

    decision: Decision
    reasons: tuple[str, ...]
    confidence: int
    account: Account
    comparison: Comparison
    others: tuple[Account, ...]


def find(
    proven: ProvenIdentity, accounts: Sequence[Account], policy: MatchPolicy, *, claimed: Account | None
) -> Answer:
    """Several that fit are never told apart by guessing: that needs further evidence."""
    chosen = claimed or _best(proven, accounts, policy)
    rest = [account for account in accounts if account is not chosen]
    found = compare(proven, chosen.candidate, policy)
    others = tuple(account for account in rest if could_be(proven, account.candidate, policy))
    judged = match_person(proven, chosen.candidate, [other.candidate for other in rest], policy=policy)
    decision, reasons = found.decision, found.reasons
    if judged.outcome.value == "several" or "document_of_another_account" in judged.reasons:
        decision, reasons = Decision.REVIEW, judged.reasons
    elif judged.outcome.value == "another":
        decision, reasons = Decision.NO_MATCH, (*found.reasons, "another_account_fits")
    elif claimed is None and decision is Decision.NO_MATCH and len(accounts) > 1:
        reasons = ("nobody_fits",)
    confidence = min(found.confidence, {Decision.MATCH: 100, Decision.REVIEW: 50}.get(decision, 0))
    return Answer(decision, reasons, confidence, chosen, found, others)


def _best(proven: ProvenIdentity, accounts: Sequence[Account], policy: MatchPolicy) -> Account:
    """The one that agrees best; of several alike the first, which `find` then sends to review."""
    order = {Decision.MATCH: 0, Decision.REVIEW: 1, Decision.NO_MATCH: 2}

    def rank(account: Account) -> tuple[int, int]:
        found = compare(proven, account.candidate, policy)
        return order[found.decision], -found.confidence

    return min(accounts, key=rank)
