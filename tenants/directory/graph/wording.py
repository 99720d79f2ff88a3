"""Words for people: the steps of a test, what was wrong, what a synchronisation did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.directory.graph.models import GraphConnection, GraphRun

STEPS = {
    "token": gettext_noop("Signing in at Microsoft"),
    "users": gettext_noop("Reading people"),
    "groups": gettext_noop("Reading groups and who is in them"),
    "policy": gettext_noop("The policy of Temporary Access Passes"),
    "methods": gettext_noop("Making passes, seeing and removing ways to sign in"),
    "sessions": gettext_noop("Signing people out"),
}
PROBLEMS = {
    "directory_unknown": gettext_noop("Microsoft knows no directory with this tenant ID."),
    "client_unknown": gettext_noop("This directory has no application with this client ID."),
    "client_disabled": gettext_noop("The application is disabled in the directory."),
    "secret_wrong": gettext_noop(
        "The client secret is wrong. Copy its value, not its ID; Microsoft shows the value once only."
    ),
    "secret_expired": gettext_noop("The client secret has expired. Make a new one and enter it here."),
    "service_missing": gettext_noop("Microsoft Graph cannot be used in this directory."),
    "blocked_by_policy": gettext_noop("A Conditional Access policy of the directory stops the application."),
    "token_refused": gettext_noop("Microsoft gives the application no token."),
    "token_rejected": gettext_noop("Microsoft Graph does not take the token of this application."),
    "permission_missing_users": gettext_noop(
        "The application may not read people: it lacks User.Read.All. Add it as an application permission of "
        "Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_groups": gettext_noop(
        "The application may not read groups: it lacks GroupMember.Read.All. Add it as an application permission "
        "of Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_policy": gettext_noop(
        "The application may not read the policy: it lacks Policy.Read.All. Add it as an application permission of "
        "Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_methods": gettext_noop(
        "The application may not make passes: it lacks UserAuthenticationMethod.ReadWrite.All. Add it as an application "
        "permission of Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_sessions": gettext_noop(
        "The application may not sign people out: it lacks User.RevokeSessions.All. Add it as an application permission "
        "of Microsoft Graph, and let an administrator consent."
    ),
    "pass_policy_off": gettext_noop(
        "The policy of the directory turns Temporary Access Passes off. Turn them on in the Entra admin center, under "
        "Authentication methods."
    ),
    "request_refused": gettext_noop("Microsoft Graph refused the request and did not say why."),
    "sync_state_lost": gettext_noop(
        "Microsoft lost track of how far we were, several times in a row. Try again later."
    ),
    "pages_without_end": gettext_noop(
        "The answers of Microsoft led in a circle. Nothing was removed. Try again later."
    ),
    "link_elsewhere": gettext_noop("An answer of Microsoft led somewhere else, which we do not follow."),
    "service_busy": gettext_noop("Microsoft is busy or has an outage. Try again later."),
    "service_moved": gettext_noop("Microsoft sent us somewhere else, which we do not follow."),
    "no_answer": gettext_noop("Nobody answered in time."),
    "name_not_found": gettext_noop(
        "Microsoft's host name is not known here. Does this server reach the internet?"
    ),
    "answer_unusable": gettext_noop("The answer was not as Microsoft documents it."),
    "token_unusable": gettext_noop("The answer was not as Microsoft documents it."),
    "bad_json": gettext_noop("The answer was not as Microsoft documents it."),
    "answer_too_large": gettext_noop("The answer was not as Microsoft documents it."),
}
_OTHER = gettext_noop("It did not work.")
KEPT_OUT = {
    "user_name_missing": gettext_noop("Has no user name that can be kept, and is not here."),
    "user_name_taken": gettext_noop(
        "The user name is somebody else's here. Nothing of this person was changed."
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
    ("waits", gettext_noop("Waited for Microsoft")),
)
TONES = {
    GraphRun.State.RUNNING: "info",
    GraphRun.State.DONE: "ok",
    GraphRun.State.FAILED: "bad",
    GraphRun.State.CANCELED: "neutral",
}


def step_title(step: str) -> str:
    return _(STEPS.get(step, _OTHER))


def problem_sentence(code: str) -> str:
    """What was wrong and what to change; empty for nothing."""
    return _(PROBLEMS.get(code, _OTHER)) if code else ""


def kept_out_sentence(code: str) -> str:
    return _(KEPT_OUT.get(code, _UNUSABLE))


def counts_of(run: GraphRun) -> list[tuple[str, int]]:
    """What a run did, in words; nothing that is none."""
    counts: Mapping[str, int] = run.counts
    return [(_(title), counts[name]) for name, title in COUNTS if counts.get(name)]


def sentence_of(run: GraphRun) -> str:
    """A run in one line."""
    told: Sequence[str] = [f"{title}: {number}" for title, number in counts_of(run)]
    return " · ".join(told) or _("Nothing changed.")


@dataclass(frozen=True, slots=True)
class HeldWords:
    """What waits for an owner, in words: what has not happened, what the button says, and the word to type."""

    title: str
    allow: str
    word: str


def held_of(row: GraphConnection) -> HeldWords:
    if not row.held_suspensions:
        title = _("Nothing was removed. An owner decides.")
        return HeldWords(title, _("Allow the removal"), _("remove"))
    if not (row.held_people or row.held_memberships):
        title = _("Nobody was suspended. An owner decides.")
        return HeldWords(title, _("Allow the suspension"), _("suspend"))
    title = _("Nothing was removed and nobody suspended. An owner decides.")
    return HeldWords(title, _("Allow removal and suspension"), _("remove"))
