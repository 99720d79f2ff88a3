"""The messages of a trial in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# By the name of the address: what the wallet wants, and what it is given.
STEPS: dict[str, tuple[str, str]] = {
    "offer": (
        gettext_noop("The wallet reads the offer"),
        gettext_noop("Which card, from whom, and that a code has to be typed."),
    ),
    "token": (
        gettext_noop("The wallet redeems the offer"),
        gettext_noop(
            "It sends the offer's code with the code you typed and gets a token that lives five minutes."
        ),
    ),
    "credential": (
        gettext_noop("The wallet asks for the card"),
        gettext_noop("It proves that it holds a key of its own, and the card is made for that key alone."),
    ),
    "deferred": (
        gettext_noop("The wallet comes back for the card"),
        gettext_noop("It was told to wait."),
    ),
    "notification": (
        gettext_noop("The wallet tells what became of the card"),
        gettext_noop("Accepted, deleted or failed. Wallets need not say."),
    ),
    "request": (
        gettext_noop("The wallet reads the request"),
        gettext_noop("Signed by your authority: who asks, for which claims, and where the answer goes."),
    ),
    "response": (
        gettext_noop("The wallet answers the request"),
        gettext_noop(
            "The card with the claims that were asked for, signed with the wallet's key for this one request."
        ),
    ),
}
REFUSALS: dict[str, str] = {
    "not_of_this_trial": gettext_noop(
        "It is a card that was not made in this trial. Nothing of it was kept."
    ),
    "holder_of_another_credential": gettext_noop("The card was shown with the key of another one."),
    "credential_revoked": gettext_noop("The card was revoked."),
    "transaction_used": gettext_noop("The request was answered before, or was tried too often."),
    "transaction_expired": gettext_noop("The request had run out."),
}


def refusal_sentence(reason: str) -> str:
    """The sentence for a rule that was broken; its name in the log where there is none."""
    if reason in REFUSALS:
        return _(REFUSALS[reason])
    return _("A rule of the standard was broken: %(rule)s.") % {"rule": reason.replace("_", " ")}
