"""Signs of risk: what about a recovery that passed is odd enough to be waited for, or looked at. Pure.

Protects an account from somebody who passed every check all the same: a namesake with a genuine document, a forger who
made one, an insider who prepared it. A sign never refuses and never mends anything; what a profile answers it with is a
waiting period, two members who look, or both (recovery.decision). What it does not do: gather facts (recovery.sign_facts).

A fact that is not known is no sign: nothing fires because somebody was not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum


class Sign(StrEnum):
    """Codes are kept in profiles, cases and the audit log: they are never renamed."""

    EVERY_RECOVERY = "every_recovery"
    PRIVILEGED_ACCOUNT = "privileged_account"
    REFUSED_BEFORE = "refused_before"
    ADDRESS_CHANGED = "address_changed"
    SEVERAL_RECOVERIES = "several_recoveries"
    NEW_NETWORK = "new_network"
    BUSY_NETWORK = "busy_network"
    WEAKLY_TIED = "weakly_tied"
    UNSURE_MATCH = "unsure_match"
    FACE_BARELY_PASSED = "face_barely_passed"
    FACE_WITHOUT_COLOURS = "face_without_colours"
    DOCUMENT_EXPIRED = "document_expired"
    ANOTHER_DOCUMENT = "another_document"
    RECOVERED_BEFORE = "recovered_before"
    NOT_ME_BEFORE = "not_me_before"
    OUT_OF_HOURS = "out_of_hours"
    NO_ADDRESS = "no_address"


# What a new profile waits for unless it says something else: rare for honest people, usual for whoever prepared it.
WAITED_FOR = (Sign.ADDRESS_CHANGED, Sign.NOT_ME_BEFORE, Sign.FACE_WITHOUT_COLOURS)


# What two members look at under every profile: nobody chooses what it leads to.
ALWAYS_REVIEWED = frozenset({Sign.NO_ADDRESS})
CHOSEN = tuple(sign for sign in Sign if sign not in ALWAYS_REVIEWED)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a sign begins. Days and hours are whole; `from_hour` to `to_hour` are the organisation's hours, in its zone."""

    refused_days: int = 3
    address_days: int = 14
    recovered_days: int = 30
    not_me_days: int = 180
    network_cases: int = 5
    face_margin: int = 5
    match_confidence: int = 96
    document_days: int = 0
    from_hour: int = 7
    to_hour: int = 20
    weekends: bool = False

    @classmethod
    def of(cls, kept: Mapping[str, int | bool]) -> Limits:
        """As a profile keeps them; what it does not name has its usual value, and what nobody knows is passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})  # type: ignore[arg-type]


# The least and the most that may be typed.
BOUNDS: dict[str, tuple[int, int]] = {
    "refused_days": (1, 90),
    "address_days": (3, 180),
    "recovered_days": (1, 365),
    "not_me_days": (1, 730),
    "network_cases": (2, 1000),
    "face_margin": (1, 30),
    "match_confidence": (50, 100),
    "document_days": (0, 3650),
    "from_hour": (0, 23),
    "to_hour": (1, 24),
}


@dataclass(frozen=True, slots=True)
class SignFacts:
    """What is known of a recovery that is being decided. None: not known.

    `days_since_…` count whole and part days from now. `is_tied`: something beside names, date of birth and the mailbox ties
    it to the account. `local_time`: now, where the organisation is.
    """

    is_privileged: bool | None
    days_since_refusal: float | None
    days_since_address: float | None
    other_live: int
    network_is_new: bool | None
    others_in_network: int | None
    is_tied: bool
    match_confidence: int | None
    match_reasons: tuple[str, ...]
    face_above_threshold: int | None
    document_days_left: int | None
    days_since_recovery: float | None
    days_since_not_me: float | None
    local_time: datetime
    # No code was read, and the document is none that was held.
    without_address: bool = False
    # Turns of the head alone, which a photograph that is bent by a program can make as well.
    face_without_colours: bool = False


# Reasons of a match that say that something was bridged.
BRIDGED = frozenset(
    {
        "former_name_agrees",
        "preferred_name_agrees",
        "one_letter_differs",
        "birthdate_day_and_month_swapped",
        "birthdate_one_digit_differs",
    }
)
ANOTHER_DOCUMENT_HELD = "another_document_than_held"


def _within(days: float | None, limit: int) -> bool:
    return days is not None and days <= limit


def _is_out_of_hours(moment: datetime, limits: Limits) -> bool:
    if moment.weekday() >= 5 and not limits.weekends:
        return True
    return not limits.from_hour <= moment.hour < limits.to_hour


# Signs that are known of an account before anybody recovers it.
FORESEEN = frozenset(
    {Sign.PRIVILEGED_ACCOUNT, Sign.ADDRESS_CHANGED, Sign.RECOVERED_BEFORE, Sign.NOT_ME_BEFORE}
)


def foreseen_signs(
    limits: Limits,
    *,
    is_privileged: bool | None,
    days_since_address: float | None,
    days_since_recovery: float | None,
    days_since_not_me: float | None,
) -> frozenset[Sign]:
    """Of those that are `FORESEEN`, what there would be whatever else a recovery shows."""
    found = {
        Sign.PRIVILEGED_ACCOUNT: is_privileged is True,
        Sign.ADDRESS_CHANGED: _within(days_since_address, limits.address_days),
        Sign.RECOVERED_BEFORE: _within(days_since_recovery, limits.recovered_days),
        Sign.NOT_ME_BEFORE: _within(days_since_not_me, limits.not_me_days),
    }
    return frozenset(sign for sign, there in found.items() if there)


def signs_of(facts: SignFacts, limits: Limits) -> tuple[Sign, ...]:
    """Every sign there is, in the order of the enum, whatever a profile does about it."""
    found = {
        Sign.EVERY_RECOVERY: True,
        Sign.PRIVILEGED_ACCOUNT: facts.is_privileged is True,
        Sign.REFUSED_BEFORE: _within(facts.days_since_refusal, limits.refused_days),
        Sign.ADDRESS_CHANGED: _within(facts.days_since_address, limits.address_days),
        Sign.SEVERAL_RECOVERIES: facts.other_live > 0,
        Sign.NEW_NETWORK: facts.network_is_new is True,
        Sign.BUSY_NETWORK: facts.others_in_network is not None
        and facts.others_in_network >= limits.network_cases,
        Sign.WEAKLY_TIED: not facts.is_tied,
        Sign.UNSURE_MATCH: (
            facts.match_confidence is not None and facts.match_confidence < limits.match_confidence
        )
        or not BRIDGED.isdisjoint(facts.match_reasons),
        Sign.FACE_BARELY_PASSED: facts.face_above_threshold is not None
        and facts.face_above_threshold < limits.face_margin,
        Sign.FACE_WITHOUT_COLOURS: facts.face_without_colours,
        Sign.DOCUMENT_EXPIRED: facts.document_days_left is not None
        and facts.document_days_left < limits.document_days,
        Sign.ANOTHER_DOCUMENT: ANOTHER_DOCUMENT_HELD in facts.match_reasons,
        Sign.RECOVERED_BEFORE: _within(facts.days_since_recovery, limits.recovered_days),
        Sign.NOT_ME_BEFORE: _within(facts.days_since_not_me, limits.not_me_days),
        Sign.NO_ADDRESS: facts.without_address,
        Sign.OUT_OF_HOURS: _is_out_of_hours(facts.local_time, limits),
    }
    return tuple(sign for sign in Sign if found[sign])
