"""What a person reads when a request to Microsoft's service came to nothing: what happened and what to do, in one sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit import microsoft

_BROKEN = gettext_noop(
    "Microsoft does not let your organisation in at the moment, and it is not your fault. Call your help desk."
)
_EITHER = {
    "declined": gettext_noop("You said no in the app, and nothing was shared. Go on when you are ready."),
    "expired": gettext_noop("Nobody answered in the app in time. Get a new code when you have it at hand."),
    "no_entra_connection": gettext_noop(
        "Your organisation does not use this service any more. Stop here and start again."
    ),
    "service_busy": gettext_noop(
        "Microsoft is busy or has an outage, and it is not your fault. Try again in a few minutes, or call your help desk."
    ),
    "case_moved_on": gettext_noop("This recovery went on in another place. Go on here with a new code."),
}
_OFFER = {
    "not_taken": gettext_noop("The app did not take the card. Get a new code and try again."),
    "issuance_failed": gettext_noop(
        "The card was not issued. Check the pin, which the app takes three times, and try again."
    ),
    "too_many_offers": gettext_noop("That was tried too often in this recovery. Start a new one."),
}
_REQUEST = {
    "face_too_unlike": gettext_noop(
        "Microsoft could not confirm that it is you. Try again in even light, without glasses or a hat."
    ),
    "no_word": gettext_noop(
        "Microsoft did not tell us what came of it. If you finished in the app, its answer was lost on the way: get a new "
        "code and show your card once more."
    ),
    "card_gone": gettext_noop("This card cannot be used any more. Get a new one below."),
    "card_refused": gettext_noop("This card is not valid any more. Get a new one below."),
    "card_expired": gettext_noop("This card has expired. Get a new one below."),
    "claims_not_asked": gettext_noop("The app showed another card than the one that was asked for."),
    "face_missing": gettext_noop(
        "The app did not look at your face. Update Microsoft Authenticator and try again."
    ),
    "too_many_requests": gettext_noop("That was tried too often in this recovery. Start a new one."),
}
_BUSY = gettext_noop("Microsoft's service did not do it. Try again in a moment, or call your help desk.")


def sentence_of(code: str, kind: str) -> str:
    """`kind`: of the request, an offer or one to show a card."""
    known = _EITHER | (_OFFER if kind == "issuance" else _REQUEST)
    return _(known.get(code, _BROKEN if code in microsoft.REFUSALS else _BUSY))
