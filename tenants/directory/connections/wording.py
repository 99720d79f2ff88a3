"""Words for people: the steps of a test, what was wrong, what a synchronisation did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.directory.connections.contract import Words
from tenants.directory.connections.models import DirectoryConnection, SyncRun

_OTHER = gettext_noop("It did not work.")
KEPT_OUT = {
    "user_name_missing": gettext_noop("Has no user name that can be kept, and is not here."),
    "user_name_taken": gettext_noop(
        "The user name is somebody else's here. Nothing of this person was changed."
    ),
    "known_by_another_id": gettext_noop(
        "Has the user name of somebody whom the directory told under another identifier before. Nobody is taken for "
        "somebody else by a name: if it is the same person, remove the earlier one here, and they come with the next "
        "synchronisation."
    ),
    "address_taken": gettext_noop("An address or number is somebody else's here, and was left out."),
    "email_unusable": gettext_noop("An e-mail address cannot be one, and was left out."),
    "too_many_emails": gettext_noop("Has more than 20 e-mail addresses. The first 20 were kept."),
}
_UNUSABLE = gettext_noop("A value is too long to be kept, and was left out.")
# What a run counted, in the order in which it is told.
COUNTS = (
    ("added", gettext_noop("People added")),
    ("changed", gettext_noop("People changed")),
    ("suspended", gettext_noop("People suspended")),
    ("reactivated", gettext_noop("People active again")),
    ("removed", gettext_noop("People removed")),
    ("groups_added", gettext_noop("Groups added")),
    ("memberships", gettext_noop("Memberships changed")),
    ("problems", gettext_noop("Left out")),
    ("unreadable", gettext_noop("Not understood")),
    ("fresh_starts", gettext_noop("Begun anew")),
    ("waits", gettext_noop("Waited for the directory")),
)
TONES = {
    SyncRun.State.RUNNING: "info",
    SyncRun.State.DONE: "ok",
    SyncRun.State.FAILED: "bad",
    SyncRun.State.CANCELED: "neutral",
}


def step_title(words: Words, step: str) -> str:
    return _(words.steps.get(step, _OTHER))


def problem_sentence(words: Words, code: str) -> str:
    """What was wrong and what to change; empty for nothing."""
    return _(words.problems.get(code, _OTHER)) if code else ""


def waiting_sentence(words: Words, live: SyncRun) -> str:
    """Why a run that is under way stands still; empty where it moves. Whoever was not asked to wait does not say so."""
    if live.problem in ("", "service_busy"):
        return _("%(place)s asked us to wait.") % {"place": words.place} if live.next_at else ""
    if live.problem == "sync_state_lost":
        return _("%(place)s lost track of how far we were. Everything is read again.") % {
            "place": words.place
        }
    return problem_sentence(words, live.problem)


def kept_out_sentence(code: str) -> str:
    return _(KEPT_OUT.get(code, _UNUSABLE))


def counts_of(run: SyncRun) -> list[tuple[str, int]]:
    """What a run did, in words; nothing that is none."""
    counts: Mapping[str, int] = run.counts
    return [(_(title), counts[name]) for name, title in COUNTS if counts.get(name)]


def sentence_of(run: SyncRun) -> str:
    """A run in one line."""
    told: Sequence[str] = [f"{title}: {number}" for title, number in counts_of(run)]
    return " · ".join(told) or _("Nothing changed.")


@dataclass(frozen=True, slots=True)
class HeldWords:
    """What waits for an owner, in words: what has not happened, what the button says, and the word to type."""

    title: str
    allow: str
    word: str


def held_of(row: DirectoryConnection) -> HeldWords:
    if not row.held_suspensions:
        title = _("Nothing was removed. An owner decides.")
        return HeldWords(title, _("Allow the removal"), _("remove"))
    if not (row.held_people or row.held_memberships):
        title = _("Nobody was suspended. An owner decides.")
        return HeldWords(title, _("Allow the suspension"), _("suspend"))
    title = _("Nothing was removed and nobody suspended. An owner decides.")
    return HeldWords(title, _("Allow removal and suspension"), _("remove"))
