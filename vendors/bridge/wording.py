"""What happened, in words: for the person, and for members. No word tells an attribute of anybody."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vendors.bridge.asked import BIRTHDATE, NAMES, Asked
from vendors.bridge.models import BridgeRun
from vendors.bridge.statuses import RunStatus

# For members: why a run ended as it did.
WHY = {
    "declined": gettext_noop("The person said no."),
    "stopped": gettext_noop("The person stopped."),
    "timed_out": gettext_noop("It was not finished in time."),
    "not_verified": gettext_noop("The partner said no."),
    "does_not_agree": gettext_noop("The person proven is not whom the client named."),
    "names_missing": gettext_noop("The partner proved no given name or no family name."),
    "portrait_missing": gettext_noop("The partner sent no portrait to compare a face with."),
    "face_check_failed": gettext_noop("The live face did not agree with the proven portrait."),
    "face_tries_used_up": gettext_noop("There were too many tries at the Face Check."),
    "tries_used_up": gettext_noop("Three tries came to no decision."),
    "partner_contradicted": gettext_noop("The partner gave two different answers."),
    "client_removed": gettext_noop("The client was removed meanwhile."),
}
# For the person who reads the first page again.
NOTES = {
    "partner_failed": gettext_noop(
        "The partner gave no answer. That does not count against you: try again, or another way."
    ),
    "retry_allowed": gettext_noop(
        "It could not be decided. Try once more, in good light and with the whole document in view."
    ),
    "user_aborted": gettext_noop("You stopped at the partner. You can try again, or say no."),
    "expired": gettext_noop("The check was not finished in time. You can try again."),
}


def why_words(code: str) -> str:
    return _(WHY[code]) if code in WHY else ""


def note_words(code: str) -> str:
    return _(NOTES[code]) if code in NOTES else ""


def passed_on(asked: Asked, *, hides_values: bool) -> list[str]:
    """What the client is told, line by line, as the person agrees to it."""
    lines = []
    if hides_values:
        lines.append(_("whether your name is the one on the account, yes or no"))
        if BIRTHDATE in asked.names:
            lines.append(
                _("whether your date of birth is the one on the account, yes or no")
                if BIRTHDATE in asked.values
                else _("your date of birth")
            )
    else:
        lines += [_("your given names"), _("your family name")] if set(NAMES) <= set(asked.names) else []
        if BIRTHDATE in asked.names:
            lines.append(_("your date of birth"))
    if asked.with_document:
        lines.append(_("kind, number, country and expiry of your document"))
    lines.append(_("when it was checked, and a reference of the check"))
    return lines


def what_happened(run: BridgeRun) -> dict[str, str]:
    """Title and sentence of the last page. A no is told as the recovery pages tell it: never which attribute."""
    if run.status == RunStatus.ANSWERED and not run.why:
        return {"title": _("It is checked"), "text": _("Your answer is ready to be handed over.")}
    if run.status == RunStatus.EXCHANGED:
        return {
            "title": _("This is done"),
            "text": _("The answer was handed over. Go back to where you came from."),
        }
    if run.why in ("declined", "stopped"):
        return {"title": _("Nothing was passed on"), "text": _("Only that you did not go on.")}
    if run.why == "timed_out":
        return {
            "title": _("The time is over"),
            "text": _("Nothing was passed on. Begin again where you came from."),
        }
    return {
        "title": _("It could not be confirmed"),
        "text": _(
            "Nothing of you was passed on. Go back, and ask your help desk for another way if you need one."
        ),
    }
