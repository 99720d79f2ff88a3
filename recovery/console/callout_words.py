"""Callouts in words: what an endpoint answered, why it counts as silent, and what its claims are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from recovery.callouts.shape import OTHER

PROBLEMS: dict[str, str] = {
    "no_answer": gettext_noop("It did not answer, or not in time."),
    "name_not_found": gettext_noop("Its name is not known on the internet."),
    "address_refused": gettext_noop("Its address is inside a private network, which is never asked."),
    "address_unusable": gettext_noop("Its address cannot be used."),
    "address_not_https": gettext_noop("Its address does not begin with https."),
    "answer_too_large": gettext_noop("Its answer was larger than 64 kilobytes."),
    "not_json": gettext_noop("Its answer is not JSON, or does not say that it is."),
    "not_an_answer": gettext_noop("Its answer is not the one that belongs to this event."),
    "not_one_action": gettext_noop("Its answer names no action, or more than one."),
    "unknown_action": gettext_noop("Its answer names an action that nobody knows."),
    "contradiction": gettext_noop("It said two different things."),
    "claims_gone": gettext_noop("What it was to be asked about was not there any more."),
    "tries_used_up": gettext_noop("Every try was lost with the process that made it."),
}
_REDIRECT = gettext_noop("It answered with a redirect, which is not followed.")
_NO_ENTRY = gettext_noop("It did not accept who was asking (status %(status)s).")
_STATUS = gettext_noop("It answered with status %(status)s instead of 200.")
UNKNOWN = gettext_noop("It did not answer as it should.")

CALLOUT_REASONS: dict[str, str] = {
    "callout_failed": gettext_noop("One of your own systems said no."),
    "callout_silent": gettext_noop(
        "One of your own systems did not answer, and its rule for that is to refuse."
    ),
    "callout_unanswered": gettext_noop(
        "One of your own systems did not answer, and its rule for that is that members look."
    ),
    "callout_gone": gettext_noop("The profile names a callout that was removed."),
    **{f"callout_{code}": sentence for code, sentence in PROBLEMS.items()},
    **{f"callout_status_{status}": _REDIRECT for status in (301, 302, 303, 307, 308)},
    **{
        f"callout_status_{status}": gettext_noop("It did not accept who was asking, or what.")
        for status in (400, 401, 403, 404, 405, 415, 422)
    },
    **{
        f"callout_status_{status}": gettext_noop("It reported a fault of its own, or asked for patience.")
        for status in (429, 500, 501, 502, 503, 504)
    },
}
ANSWERS: dict[str, Any] = {
    "passed": gettext_lazy("Yes, go on"),
    "failed": gettext_lazy("No"),
    "silent": gettext_lazy("None that counts"),
    "spared": gettext_lazy("Not asked: one before it said no"),
    "waiting": gettext_lazy("Not asked yet"),
}
TONES = {"passed": "ok", "failed": "warn", "silent": "bad"}
CLAIMS: dict[str, Any] = {
    "firstName": gettext_lazy("Given names"),
    "lastName": gettext_lazy("Family name"),
    "fullName": gettext_lazy("Full name"),
    "dateOfBirth": gettext_lazy("Date of birth"),
    "documentType": gettext_lazy("Kind of document"),
    "documentCountry": gettext_lazy("Country of the document"),
    OTHER: gettext_lazy("something that was not sent"),
}


def problem_sentence(code: str) -> str:
    if not code:
        return ""
    if code.startswith("status_"):
        status = code.removeprefix("status_")
        kind = _REDIRECT if status.startswith("3") else _NO_ENTRY if status in ("401", "403") else _STATUS
        return _(kind) % {"status": status}
    return _(PROBLEMS.get(code, UNKNOWN))


def claim_names(names: Sequence[str]) -> str:
    return ", ".join(str(CLAIMS.get(name, CLAIMS[OTHER])) for name in names)
