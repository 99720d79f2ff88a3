"""Why somebody could not recover, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


class Reason(StrEnum):
    """Codes for us; a person reads `WORDS`."""

    NOT_ALLOWED = "not_allowed"
    NO_PROFILE = "no_profile"
    NAME_MISSING = "name_missing"
    NAME_HIDDEN = "hidden_characters"
    NAME_MIXED = "mixed_scripts"
    NAME_UNUSUAL = "unusual_letters"
    NAME_MARKS = "too_many_marks"
    NAME_LONG = "too_long"
    NAME_DIGITS = "digits_in_name"
    NAMES_DIFFER = "names_differ"
    DUPLICATE = "several_accounts_fit"
    ANOTHER = "another_account_fits"
    NO_PARTNER = "no_partner"
    NO_BIRTHDATE = "no_birthdate"
    NO_DOCUMENT = "no_document"
    NO_ADDRESS = "no_address"
    FRESH_ADDRESS = "fresh_address"
    LOST_ADDRESS = "lost_address"
    NO_MANAGER = "no_manager"
    FRESH_DOCUMENT = "fresh_document"
    FRESH_MANAGER = "fresh_manager"
    RISK_REVIEW = "risk_review"
    RISK_WAIT = "risk_wait"
    ONE_SPELLING = "one_spelling"
    NAMES_IN_ONE_FIELD = "names_in_one_field"
    WORK_MAILBOX = "work_mailbox"
    NAMES_CONFLICT = "names_conflict"
    SPELLING_UNKNOWN = "spelling_unknown"
    DOCUMENT_GOES = "document_goes"
    CHANGED_RECENTLY = "changed_recently"
    GUEST = "guest"
    STALE = "stale"
    FIRST_PROOF = "first_proof"


# What passes by itself, or once two members have looked: nobody has to mend anything.
WAITS = frozenset(
    {
        Reason.FRESH_ADDRESS,
        Reason.FRESH_DOCUMENT,
        Reason.FRESH_MANAGER,
        Reason.LOST_ADDRESS,
        Reason.CHANGED_RECENTLY,
        Reason.RISK_REVIEW,
        Reason.RISK_WAIT,
    }
)
# Of these what has no way round it until then: a recovery begun today is refused.
REFUSED_TODAY = frozenset(
    {Reason.FRESH_ADDRESS, Reason.FRESH_DOCUMENT, Reason.FRESH_MANAGER, Reason.LOST_ADDRESS}
)
# What may turn out well; everything else keeps a person from recovering today.
DOUBTS = frozenset(
    {
        Reason.ONE_SPELLING,
        Reason.NAMES_IN_ONE_FIELD,
        Reason.WORK_MAILBOX,
        Reason.NAMES_CONFLICT,
        Reason.SPELLING_UNKNOWN,
        Reason.DOCUMENT_GOES,
        Reason.GUEST,
        Reason.STALE,
        Reason.FIRST_PROOF,
    }
)


# What is so today and says nothing about the profile: a rehearsal leaves it out.
OF_TODAY = frozenset({Reason.GUEST, Reason.STALE, Reason.WORK_MAILBOX})


@dataclass(frozen=True, slots=True)
class Words:
    """What is so, and what to do. Both for members, about one person."""

    what: str
    cure: str


_RENAME = gettext_noop("Correct the name in your directory and bring it in again.")
WORDS: dict[Reason, Words] = {
    Reason.NOT_ALLOWED: Words(
        gettext_noop("Account recovery is not allowed for this account"),
        gettext_noop("Give privileged people another way back in, such as a second passkey."),
    ),
    Reason.NO_PROFILE: Words(
        gettext_noop("No profile in force is for this person"),
        gettext_noop("Put a profile into force, or widen the one that is."),
    ),
    Reason.NAME_MISSING: Words(
        gettext_noop("The given name or the family name is missing"),
        gettext_noop("Fill both in. Who has one name only has it in both, or FNU in the other."),
    ),
    Reason.NAME_HIDDEN: Words(gettext_noop("The name holds characters that cannot be seen"), _RENAME),
    Reason.NAME_MIXED: Words(gettext_noop("A word of the name mixes the letters of two scripts"), _RENAME),
    Reason.NAME_UNUSUAL: Words(
        gettext_noop("The name holds letters that look like others and stand in no name"), _RENAME
    ),
    Reason.NAME_MARKS: Words(gettext_noop("The name piles marks on one letter"), _RENAME),
    Reason.NAME_LONG: Words(gettext_noop("The name is too long to be compared"), _RENAME),
    Reason.NAME_DIGITS: Words(
        gettext_noop("The name holds digits, and documents print none"),
        gettext_noop("Take the number out of the name; the user name may keep it."),
    ),
    Reason.NAMES_DIFFER: Words(
        gettext_noop("The name as a document prints it is not the name on file"),
        gettext_noop("Write the name on file as the document does, or let the profile be less strict."),
    ),
    Reason.DUPLICATE: Words(
        gettext_noop("Somebody else has the same name, and nothing tells the two apart"),
        gettext_noop(
            "Bring dates of birth or document numbers in, for both; or close the account that is not used."
        ),
    ),
    Reason.ANOTHER: Words(
        gettext_noop("The name as a document prints it is somebody else's on file"),
        gettext_noop("Compare the two accounts, and correct the names."),
    ),
    Reason.NO_PARTNER: Words(
        gettext_noop("None of the profile's partners is for their country and groups"),
        gettext_noop("Add a partner that is, or let one be for everybody; or correct the country on file."),
    ),
    Reason.NO_BIRTHDATE: Words(
        gettext_noop("No date of birth on file, and the profile asks for one"),
        gettext_noop("Bring dates of birth in with a file of people."),
    ),
    Reason.NO_DOCUMENT: Words(
        gettext_noop("Never showed a document before, and the profile asks for the same one"),
        gettext_noop("Let the person get a Verified ID while they are signed in, or ask for other evidence."),
    ),
    Reason.NO_ADDRESS: Words(
        gettext_noop("No e-mail address on file, and no saved code"),
        gettext_noop("Bring an address in that the person can read when locked out."),
    ),
    Reason.FRESH_ADDRESS: Words(
        gettext_noop("No address was held for 72 hours yet"), gettext_noop("Waiting is enough.")
    ),
    Reason.LOST_ADDRESS: Words(
        gettext_noop("The last e-mail address was taken away less than 72 hours ago, and no code is saved"),
        gettext_noop("Waiting is enough, if it was meant; otherwise bring the address in again."),
    ),
    Reason.FIRST_PROOF: Words(
        gettext_noop("No e-mail address on file: goes on without a code, at the free partner first"),
        gettext_noop(
            "Nothing has to be done. With an address, or codes they saved, it is quicker and they hear of it."
        ),
    ),
    Reason.FRESH_DOCUMENT: Words(
        gettext_noop("The number of their document came from a file less than 72 hours ago"),
        gettext_noop("Waiting is enough."),
    ),
    Reason.FRESH_MANAGER: Words(
        gettext_noop("Their manager was named less than 72 hours ago"), gettext_noop("Waiting is enough.")
    ),
    Reason.RISK_REVIEW: Words(
        gettext_noop("What is known of them is a sign of risk that two members look at first"),
        gettext_noop("See that enough members review, or change what the profile takes for a sign."),
    ),
    Reason.RISK_WAIT: Words(
        gettext_noop("What is known of them is a sign of risk that the profile waits for"),
        gettext_noop("Nothing, if that is meant; or change what the profile takes for a sign."),
    ),
    Reason.NO_MANAGER: Words(
        gettext_noop("No manager on file, and the profile asks for somebody who knows them"),
        gettext_noop("Bring managers in, or name people in the profile who may speak for everybody."),
    ),
    Reason.ONE_SPELLING: Words(
        gettext_noop(
            "One of the ways in which a document prints the name does not match, or somebody else too"
        ),
        gettext_noop("Write the name on file as the lines at the foot of the passport have it."),
    ),
    Reason.NAMES_IN_ONE_FIELD: Words(
        gettext_noop("The whole name stands in one field, so that only its words are compared"),
        gettext_noop("Write given names and family name apart, as documents do."),
    ),
    Reason.WORK_MAILBOX: Words(
        gettext_noop("The only mailbox on file is one that the lost account opens"),
        gettext_noop("Bring another address in, or let them save codes while they are signed in."),
    ),
    Reason.NAMES_CONFLICT: Words(
        gettext_noop("The display name does not hold the family name"),
        gettext_noop("Find out which of the two the document says."),
    ),
    Reason.SPELLING_UNKNOWN: Words(
        gettext_noop("How a document prints this script is not known here"),
        gettext_noop("Bring the name in as the passport's Latin letters have it."),
    ),
    Reason.DOCUMENT_GOES: Words(
        gettext_noop(
            "The number of their document goes within 30 days, and the profile asks for the same one"
        ),
        gettext_noop(
            "Let them prove it again, send it in a file, or keep numbers for longer under Data and privacy."
        ),
    ),
    Reason.CHANGED_RECENTLY: Words(
        gettext_noop("Name, birth date or address changed within 72 hours: a recovery would be held"),
        gettext_noop("Waiting is enough, if the change was meant."),
    ),
    Reason.GUEST: Words(
        gettext_noop("A guest, whose account lives in another organisation"),
        gettext_noop("Let their own organisation recover the account."),
    ),
    Reason.STALE: Words(
        gettext_noop("Nothing was heard for long from where this person comes from"),
        gettext_noop("Bring people in again, or look at the connection."),
    ),
}


def in_order(found: Iterable[Reason]) -> list[Reason]:
    """Once each, what keeps a person from recovering first."""
    wanted = set(found)
    return sorted(wanted, key=lambda reason: (reason in DOUBTS, reason in WAITS, _PLACE[reason]))


_PLACE = {reason: place for place, reason in enumerate(Reason)}


def known(code: str) -> Reason | None:
    return Reason(code) if code in Reason.__members__.values() else None


def what_of(reason: Reason) -> str:
    return _(WORDS[reason].what)


def cure_of(reason: Reason) -> str:
    return _(WORDS[reason].cure)
