"""How long each kind of what is held of people is kept: the kinds, what is proposed, and what was decided.

Two clocks: since somebody was suspended, which is how directories say that they left; and, for numbers of documents and
people, since the number was last proven or told by a file. A kind without a number of days is kept until the person is
removed. Nothing is let go before an organisation has decided; what is proposed is only filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from tenants.directory.models import RetentionRule

Category = RetentionRule.Category
# A suspension by mistake is mended within a week; nothing is kept for longer than ten years after it.
LEFT_DAYS = (7, 3_650)
CONFIRMED_DAYS = (90, 7_300)


@dataclass(frozen=True, slots=True)
class Rule:
    """Days; None: kept until the person is removed."""

    left_days: int | None = None
    confirmed_days: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    rule: Rule
    why: str


PROPOSED: Mapping[Category, Proposal] = {
    Category.NUMBERS: Proposal(
        Rule(30, 3_650),
        gettext_noop(
            "They serve one purpose, to recognise a document in a recovery, and whoever left recovers nothing. Few documents are "
            "valid for longer than ten years."
        ),
    ),
    Category.BIRTHDATE: Proposal(
        Rule(180),
        gettext_noop(
            "It tells people of one name apart, also whoever asks about a recovery some months ago."
        ),
    ),
    Category.OTHER_NAMES: Proposal(
        Rule(180),
        gettext_noop(
            "A former name can reveal a marriage or a transition. Nobody needs it once the account is closed."
        ),
    ),
    Category.PHONES: Proposal(
        Rule(30), gettext_noop("Often private numbers. Nothing is sent to them once somebody left.")
    ),
    Category.EMAILS: Proposal(
        Rule(180),
        gettext_noop(
            "“This was not me” about a last recovery, and an answer to whoever asks for their data, go to them for a while."
        ),
    ),
    Category.STANDING: Proposal(
        Rule(365), gettext_noop("It says little, and explains for a year why somebody came under a profile.")
    ),
}


def rules_in_force() -> dict[Category, Rule]:
    """What was decided; empty where nothing was."""
    return {
        Category(row.category): Rule(row.left_days, row.confirmed_days) for row in RetentionRule.objects.all()
    }


def proposed() -> dict[Category, Rule]:
    return {category: proposal.rule for category, proposal in PROPOSED.items()}
