"""*Could I recover?*: one person, one name as a document prints it, one answer. Nothing of it is kept.

Protects the directory from being asked. Who is not signed in gets an answer about the two names they typed and nothing else:
no record is looked at, so the page says the same about everybody. Who is signed in gets yes or no about their own account, the
same no for every cause, because a namesake is somebody else's secret and a birth date is not to be guessed at an open session.
What it does not do: foresee a partner, a camera or a document.
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

from recovery.readiness.covering import covering
from recovery.readiness.judging import Printed, is_hopeless, judge
from recovery.readiness.reading import facts_of
from recovery.readiness.reasons import REFUSED_TODAY
from tenants.directory.matching import Candidate, Decision, MatchPolicy, Mode, ProvenIdentity, compare
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import near

NOBODY = UUID(int=0)


class Likeness(Enum):
    """How far two names that somebody typed are the same, to whoever reads documents."""

    SAME = "same"
    CLOSE = "close"
    DIFFERENT = "different"


def likeness(printed: Printed, held: Printed) -> Likeness:
    """Pure: of the two names alone, in no organisation's policy."""
    if _agree(printed, held, Mode.EXACT):
        return Likeness.SAME
    return Likeness.CLOSE if _agree(printed, held, Mode.RELAXED) else Likeness.DIFFERENT


def _agree(printed: Printed, held: Printed, mode: Mode) -> bool:
    proven = ProvenIdentity(printed.given_names, printed.family_name, None)
    account = Candidate(NOBODY, held.given_names, held.family_name, None)
    policy = MatchPolicy.in_mode(mode, birthdate_required=False)
    return compare(proven, account, policy).decision is Decision.MATCH


def could_recover(person: DirectoryPerson, printed: Printed) -> bool:
    """Whether this person could recover today with a document that says so, by the profile in force. In the scope."""
    if person.status != DirectoryPerson.Status.ACTIVE:
        return False
    facts = facts_of([person], frozenset())[0]
    reasons = judge(facts, covering().asked_of_each([person])[0], [printed], near)
    return not is_hopeless(reasons) and REFUSED_TODAY.isdisjoint(reasons)
