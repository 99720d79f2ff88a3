"""How many paid checks one recovery may have, and what they cost at most.

Protects a tenant from a recovery that is charged without end: whoever moves a recovery from browser to browser leaves
sessions at the partner behind, and each may still come to a decision. The same rules permit a check (recovery.proofing,
recovery.presence, vendors.facecheck) and add up to the maximum that a profile's page states. What it does not do: know
prices.
"""

from __future__ import annotations

from recovery.models import Profile
from recovery.ordering import partners_of
from tenants.verified_id.entra.journeys import is_used as entra_is_used
from vendors.facecheck.models import Judge
from vendors.facecheck.tries import MAX_TRIES
from vendors.maximum import Maximum, most


def may_begin_proofing(most: int, begun: int) -> bool:
    """Of at most so many sessions, after so many were begun in the same recovery, finished or left behind, however they
    ended."""
    return begun < most


def is_face_charged(*, before_card: bool, charged_before: bool) -> bool:
    """Once a Face Check that passed was charged no other one is, and one before the card never."""
    return not before_card and not charged_before


def most_of(profile: Profile) -> Maximum | None:
    """What one recovery costs at most: every session comes to a decision, at whichever partner, and every face that is
    judged to a charge; after an eID there is no face. None without a partner."""
    found = partners_of(profile)
    if not found:
        return None
    judge = Judge.MICROSOFT if entra_is_used() else Judge.READMIT
    return most(found, decisions=profile.proofings, face_checks=MAX_TRIES, face_by=judge)
