"""Words for signs of risk: a name for those who write profiles, and a sentence for those who review."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from recovery.signs import Sign

NAMES = {
    Sign.EVERY_RECOVERY: _("Every recovery"),
    Sign.PRIVILEGED_ACCOUNT: _("The account is privileged"),
    Sign.REFUSED_BEFORE: _("Somebody was refused for it, or showed another face"),
    Sign.ADDRESS_CHANGED: _("An address of the account is new"),
    Sign.SEVERAL_RECOVERIES: _("Several recoveries of it are under way"),
    Sign.NEW_NETWORK: _("It comes from a network that is new for the person"),
    Sign.BUSY_NETWORK: _("Many recoveries come from its network"),
    Sign.WEAKLY_TIED: _("Only names, date of birth and mailbox tie it to the account"),
    Sign.UNSURE_MATCH: _("The names or the date of birth agree only with differences"),
    Sign.FACE_BARELY_PASSED: _("The face passed by little"),
    Sign.FACE_WITHOUT_COLOURS: _("The face was judged without colours on the screen"),
    Sign.DOCUMENT_EXPIRED: _("The document has expired, or soon will"),
    Sign.ANOTHER_DOCUMENT: _("It is another document than in an earlier recovery"),
    Sign.RECOVERED_BEFORE: _("The account was recovered a short while ago"),
    Sign.NOT_ME_BEFORE: _("Somebody said of an earlier one that it was not them"),
    Sign.OUT_OF_HOURS: _("It comes outside your hours"),
    Sign.NO_ADDRESS: _("No address is on file, and the document is none that you hold"),
}
HINTS = {
    Sign.EVERY_RECOVERY: _("For accounts whose recovery should never be quick."),
    Sign.PRIVILEGED_ACCOUNT: _(
        "As your directory marks them. An account of which it says nothing is no sign."
    ),
    Sign.REFUSED_BEFORE: _("After the code was right: what strangers cause by a name alone does not count."),
    Sign.ADDRESS_CHANGED: _("Whatever you choose, three days after a change every recovery waits for a day."),
    Sign.SEVERAL_RECOVERIES: _("In each of them somebody read the mailbox."),
    Sign.NEW_NETWORK: _(
        "Only if an earlier recovery of theirs came from a network we know. Home networks change often."
    ),
    Sign.BUSY_NETWORK: _(
        "So many of other people in 24 hours. An office behind one address is a network, too."
    ),
    Sign.WEAKLY_TIED: _(
        "No document seen before, no Verified ID, no saved code. True of most first recoveries."
    ),
    Sign.UNSURE_MATCH: _("A nickname, a former name, one letter. The number is the confidence of the match."),
    Sign.FACE_BARELY_PASSED: _("Less than so many points above the threshold of the profile."),
    Sign.FACE_WITHOUT_COLOURS: _(
        "For people who are sensitive to flashing light. A program can make a photograph turn its head, and cannot light it."
    ),
    Sign.DOCUMENT_EXPIRED: _("Good for fewer days than this. 0: only once it has expired."),
    Sign.ANOTHER_DOCUMENT: _("Documents are renewed every ten years or so."),
    Sign.RECOVERED_BEFORE: _("Within so many days."),
    Sign.NOT_ME_BEFORE: _(
        "Within so many days. Whatever you choose, for three days every recovery waits for a day."
    ),
    Sign.OUT_OF_HOURS: _("You say below when they are, in your organisation's time zone."),
    Sign.NO_ADDRESS: _("Two members look at it under every profile that lets it come so far."),
}
# What those read who decide a case: what was found, and what it may mean.
SENTENCES = {
    Sign.EVERY_RECOVERY: gettext_noop("The profile says so for every recovery."),
    Sign.PRIVILEGED_ACCOUNT: gettext_noop(
        "The account is privileged: whoever gets it gets more than one account."
    ),
    Sign.REFUSED_BEFORE: gettext_noop(
        "Somebody who had the code from the mailbox was refused for this account lately, or showed a face that was not the one."
    ),
    Sign.ADDRESS_CHANGED: gettext_noop(
        "An address of the account is new. Somebody may have put it there to read the code."
    ),
    Sign.SEVERAL_RECOVERIES: gettext_noop(
        "Another recovery of the same account is under way. One of the two may be somebody else's."
    ),
    Sign.NEW_NETWORK: gettext_noop("It comes from another network than this person's earlier recoveries."),
    Sign.BUSY_NETWORK: gettext_noop(
        "Many recoveries of other people came from the same network within a day. Somebody may try one account after the other."
    ),
    Sign.WEAKLY_TIED: gettext_noop(
        "Only names, date of birth and the mailbox tie the person to the account. A namesake or a made document would as well."
    ),
    Sign.UNSURE_MATCH: gettext_noop("The names or the date of birth agree only with differences."),
    Sign.FACE_BARELY_PASSED: gettext_noop("The face passed the Face Check by little."),
    Sign.FACE_WITHOUT_COLOURS: gettext_noop(
        "The face was judged without colours on the screen, as people who are sensitive to flashing light may ask. A program can "
        "make a photograph turn its head."
    ),
    Sign.DOCUMENT_EXPIRED: gettext_noop(
        "The document has expired, or soon will. Old documents are lost and sold."
    ),
    Sign.ANOTHER_DOCUMENT: gettext_noop(
        "Another document was shown than in an earlier recovery of this account."
    ),
    Sign.RECOVERED_BEFORE: gettext_noop("The account was recovered a short while ago already."),
    Sign.NOT_ME_BEFORE: gettext_noop(
        "Somebody said of an earlier recovery of this account that it was not them."
    ),
    Sign.OUT_OF_HOURS: gettext_noop("It came outside the organisation's hours."),
    Sign.NO_ADDRESS: gettext_noop(
        "No e-mail address is on file, so no code was read, and the document shown is none that was held before. Names, date of "
        "birth and the word of somebody who knows them are all there is. Ring the person at a number you know."
    ),
}
SIGN_REASONS: dict[str, str] = {sign.value: sentence for sign, sentence in SENTENCES.items()}
