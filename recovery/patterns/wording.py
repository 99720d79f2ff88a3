"""What a pattern is in words: what was seen, what it may mean, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from recovery.patterns.models import Pattern
from vendors.models import Connection
from vendors.selectors import listing

Kind = Pattern.Kind


@dataclass(frozen=True, slots=True)
class Words:
    """`seen` says what was counted; `means` and `do` are the same for every pattern of the kind."""

    seen: Callable[[Pattern], str]
    means: str | Promise
    do: tuple[str | Promise, ...]


def _one_document(row: Pattern) -> str:
    people = int(row.figures.get("people", 0))
    return ngettext(
        "The same document was shown for, or is held as that of, %(people)d account.",
        "The same document was shown for, or is held as that of, %(people)d accounts.",
        people,
    ) % {"people": people}


def _tried_names(row: Pattern) -> str:
    return _(
        "%(names)d accounts or names were tried from one network within 24 hours, in %(cases)d recoveries. The code that was mailed was typed in %(confirmed)d of them."
    ) % {name: int(row.figures.get(name, 0)) for name in ("names", "cases", "confirmed")}


def _share(row: Pattern) -> dict[str, int]:
    names = ("events", "total", "events_before", "total_before")
    return {name: int(row.figures.get(name, 0)) for name in names}


def _refuses_less(row: Pattern) -> str:
    return _(
        "It refused %(events)d of %(total)d people in seven days, and %(events_before)d of %(total_before)d in the eight weeks before."
    ) % _share(row)


def _not_borne_out(row: Pattern) -> str:
    return _(
        "Of %(total)d people it passed in seven days, %(events)d were refused afterwards or said that it was not them; in the eight weeks before, %(events_before)d of %(total_before)d."
    ) % _share(row)


WORDS: dict[str, Words] = {
    Kind.ONE_DOCUMENT: Words(
        _one_document,
        gettext_lazy(
            "Somebody tries the accounts of others with a document of their own, or a stolen one; or one person has two accounts."
        ),
        (
            gettext_lazy(
                "Open the cases and ask the people, by a way that is not in a case, whether it was they."
            ),
            gettext_lazy("Freeze a recovery that its person knows nothing of."),
        ),
    ),
    Kind.TRIED_NAMES: Words(
        _tried_names,
        gettext_lazy(
            "Somebody goes through accounts to see which can be recovered. Every page looks the same for all of them, so nothing was learned; people may have been sent codes they did not ask for."
        ),
        (
            gettext_lazy("Nothing is locked, and nothing has to be unlocked."),
            gettext_lazy("Tell your people that nobody asks for the code in a mail."),
        ),
    ),
    Kind.REFUSES_LESS: Words(
        _refuses_less,
        gettext_lazy(
            "The partner may have changed what it looks for, or somebody signs answers in its name. Chance alone does this less than once in ten thousand looks."
        ),
        (
            gettext_lazy("Ask the partner what changed."),
            gettext_lazy(
                "Pause it on its page until it has answered, if a profile names another one after it."
            ),
        ),
    ),
    Kind.NOT_BORNE_OUT: Words(
        _not_borne_out,
        gettext_lazy(
            "What this partner vouches for does not agree with faces, accounts or people afterwards more often than it did. Chance alone does this less than once in ten thousand looks."
        ),
        (
            gettext_lazy("Open the cases and look at what failed in them."),
            gettext_lazy("Ask the partner, and pause it on its page until it has answered."),
        ),
    ),
}


def shown(row: Pattern) -> dict[str, Any]:
    """What a page says of it."""
    words = WORDS[row.kind]
    return {
        "row": row,
        "title": Kind(row.kind).label,
        "about": _about(row),
        "seen": words.seen(row),
        "means": words.means,
        "do": words.do,
    }


def _about(row: Pattern) -> str:
    """The partner's name, where it is about one."""
    if row.kind not in (Kind.REFUSES_LESS, Kind.NOT_BORNE_OUT):
        return ""
    connection = Connection.objects.filter(id=row.key).first()
    return str(listing(connection.vendor).title) if connection else _("A partner that is gone")
