"""What a help-desk agent may read aloud to a caller.

Protects people from a talkative help desk: the words are the same for every cause, tell no attribute, and never
whether an account exists. One cause has words of its own, since whoever reads it begins again for nothing: no pass is made
where accounts live. The claimant's own page says so too. What it does not do: identify the caller. Agents compare the case reference and nothing else.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recovery.statuses import CaseStatus

S = CaseStatus
WORDS: dict[CaseStatus, str] = {
    S.OPENED: gettext_noop(
        "Your recovery has begun. If we hold an address for you, a mail with a six-digit code is on its way. Type the "
        "code on the page where you began. I cannot see the code, and I will never ask you for it."
    ),
    S.PROVING: gettext_noop(
        "Your recovery is under way. Go on in the browser where you began, and have your document or your eID at hand. "
        "The page says what comes next."
    ),
    S.DECIDING: gettext_noop(
        "Everything has arrived and is being compared. Keep the page open for a moment."
    ),
    S.IN_REVIEW: gettext_noop(
        "Two of our colleagues are looking at your recovery. Keep the page; it says when there is something to do. I "
        "cannot speed it up or decide it."
    ),
    S.HELD: gettext_noop(
        "Your recovery waits for a while as a precaution. Come back to the same browser when the waiting time on the page "
        "is over. I cannot shorten it."
    ),
    S.GRANTED: gettext_noop(
        "Your recovery was successful. Go on in the browser where you began; the page says what comes next. I cannot see "
        "your pass, and nobody here will ask you for it."
    ),
    S.HANDED_OVER: gettext_noop(
        "Your recovery was successful. Your pass is on the page where you began, and only there. Use it to sign in "
        "where the page says and add a new way to sign in. If the pass has expired, the page gives you another. I cannot see it, and "
        "nobody here will ask you for it."
    ),
    S.RECOVERED: gettext_noop(
        "You are back in. Sign in with the way to sign in that you added. If that was not you, use the link “This was not me” in "
        "the mail we sent, or tell me now."
    ),
    S.ENROLLED: gettext_noop(
        "Your Verified ID is in your wallet. If that was not you, use the link “This was not me” in the mail we sent, or "
        "tell me now."
    ),
    S.EVALUATED: gettext_noop(
        "You reached the end of a trial of account recovery. Nothing about your account changed. Use the way to sign in "
        "that you know."
    ),
    S.REFUSED: gettext_noop(
        "This recovery could not be completed. I cannot see, and may not say, which part it was. You may begin again with "
        "a valid document, in good light, or with your eID, in the same name that we hold for you."
    ),
    S.CANCELED: gettext_noop("This recovery was ended. You may begin again at any time."),
    S.EXPIRED: gettext_noop(
        "This recovery took too long and ended by itself. You may begin again at any time."
    ),
    S.SUPERSEDED: gettext_noop(
        "This recovery ended because a newer one went ahead. Use the browser of the newer one."
    ),
    S.REPUDIATED: gettext_noop(
        "This recovery was stopped because somebody said that it was not theirs. The account is locked to keep it safe. A "
        "colleague will help you to prove who you are once more."
    ),
}
NEVER = gettext_noop(
    "Never say whether somebody has an account, which detail agreed or not, or what a document says. Never take a code."
)


WITHOUT_PASS = gettext_noop(
    "This recovery cannot be completed at the moment, and beginning again would end the same way. I pass your case reference "
    "on to the colleagues who look after sign-ins. I may not say more."
)


def words_for(status: CaseStatus, *, without_pass: bool = False) -> str:
    return _(WITHOUT_PASS) if without_pass and status in (S.REFUSED, S.EXPIRED) else _(WORDS[status])


def never() -> str:
    return _(NEVER)
