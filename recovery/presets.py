"""Beginnings for a profile: a whole that makes sense, to be changed step by step. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recovery.signs import WAITED_FOR, Sign
from recovery.statuses import EvidenceKind, Mode, Told

PREPARED = [sign.value for sign in WAITED_FOR]
DOUBTFUL = [
    *PREPARED,
    Sign.REFUSED_BEFORE.value,
    Sign.SEVERAL_RECOVERIES.value,
    Sign.BUSY_NETWORK.value,
    Sign.UNSURE_MATCH.value,
    Sign.FACE_BARELY_PASSED.value,
    Sign.ANOTHER_DOCUMENT.value,
]


@dataclass(frozen=True, slots=True)
class Preset:
    """`values`: what it says otherwise than a profile that nobody touched. `review_signs`: only where two can review."""

    key: str
    title: str | Promise
    hint: str | Promise
    values: Mapping[str, Any]
    review_signs: tuple[str, ...] = ()


PRESETS = (
    Preset(
        "everyday",
        _("For most people"),
        _(
            "A document, a live face and a code to an address you have held. It waits for a day only if an address is new or "
            "somebody said “this was not me”."
        ),
        {"waiting_signs": PREPARED},
    ),
    Preset(
        "careful",
        _("For people worth attacking"),
        _(
            "The same, and whatever is doubtful waits for a day: a face that passed by little, a name with differences, many "
            "from one network. A document other than the one you hold is refused."
        ),
        {
            "waiting_signs": DOUBTFUL,
            "waiting_hours": 24,
            "other_document": "decides",
            "face_threshold": 75,
            "attempts_a_day": 5,
            "told": [Told.REVIEWERS.value, Told.MEMBERS_WAITING.value],
        },
    ),
    Preset(
        "attested",
        _("With somebody who knows them"),
        _(
            "As for most people, and at last the manager says that it is them: they get in touch by themselves and hear a code. "
            "For teams in which everybody has a manager who has a passkey."
        ),
        {
            "waiting_signs": PREPARED,
            "evidence_required": [
                EvidenceKind.DOCUMENT_PHOTOGRAPH.value,
                EvidenceKind.HELD_ADDRESS.value,
                EvidenceKind.ATTESTATION.value,
            ],
        },
    ),
    Preset(
        "privileged",
        _("For privileged accounts"),
        _(
            "Every recovery waits for two days, and two members look at it, if there are two who may. Your colleagues hear of "
            "each."
        ),
        {
            "privileged": True,
            "waiting_signs": [Sign.EVERY_RECOVERY.value, *DOUBTFUL],
            "waiting_hours": 48,
            "face_threshold": 80,
            "other_document": "decides",
            "pass_lifetime_minutes": 30,
            "attempts_a_day": 3,
            "proofings": 2,
            "held_days": 180,
            "told": [
                Told.REVIEWERS.value,
                Told.MEMBERS_WAITING.value,
                Told.MEMBERS_RECOVERED.value,
                Told.MANAGER.value,
            ],
        },
        review_signs=(Sign.PRIVILEGED_ACCOUNT.value, Sign.WEAKLY_TIED.value),
    ),
    Preset(
        "trial",
        _("A first trial"),
        _(
            "In evaluation: a few people walk the whole way and nobody gets a pass. At most 20 paid checks a day, and one session "
            "at a partner for each."
        ),
        {"mode": Mode.EVALUATION.value, "daily_checks": 20, "proofings": 1},
    ),
)


def preset(key: str) -> Preset:
    """KeyError for one that there is not."""
    return {one.key: one for one in PRESETS}[key]
