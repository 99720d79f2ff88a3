"""What can go wrong between the organisation's provider and this product, in words: for members, and for whoever signs in."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

PROBLEMS: dict[str, str] = {
    "issuer_unusable": gettext_noop("The issuer is no address that can be used."),
    "issuer_has_no_metadata": gettext_noop(
        "The issuer has no metadata at /.well-known/openid-configuration."
    ),
    "issuer_is_another": gettext_noop("The metadata names another issuer. Copy it to the letter."),
    "address_refused": gettext_noop("Its address is inside a private network, which is never asked."),
    "no_answer": gettext_noop("It did not answer in time."),
    "name_not_found": gettext_noop("Its name is not known on the internet."),
    "client_refused": gettext_noop("It does not accept the client ID with this proof."),
    "keys_unreachable": gettext_noop("Its keys could not be read."),
    "request_refused": gettext_noop("It refused the request. Is the return address registered there?"),
    "answers_any_code": gettext_noop("It gave a token for a code that it never gave out. Do not use it."),
    "token_algorithm_refused": gettext_noop(
        "It signs tokens in a way that is not taken: ES256, PS256 or RS256."
    ),
    "token_signature_wrong": gettext_noop("The signature of its token is wrong."),
    "token_audience_wrong": gettext_noop("Its token was made for another client."),
    "token_nonce_wrong": gettext_noop("Its token was made for another sign-in."),
    "token_expired": gettext_noop("Its token had expired."),
    "token_not_recent": gettext_noop("Its token was not made just now. Are the clocks right?"),
    "access_token_differs": gettext_noop("Its two tokens do not belong together."),
    "auth_time_missing": gettext_noop(
        "Its token does not say when the person signed in (auth_time). Some providers have to be told to add it."
    ),
    "sign_in_not_fresh": gettext_noop("It used an old sign-in instead of asking for a new one."),
    "answer_of_another_issuer": gettext_noop("The answer came from another issuer, or names none."),
    "given_up": gettext_noop("The sign-in was given up at the provider."),
    "code_refused": gettext_noop("The code was used or too old."),
    "claim_missing": gettext_noop("The token does not hold the claim that is compared."),
    "email_not_verified": gettext_noop("The provider does not say that the e-mail address was verified."),
    "nobody": gettext_noop("Nobody in the directory has this value."),
    "several": gettext_noop("Several people in the directory have this value."),
    "named_lately": gettext_noop(
        "The directory has this value for this person for less than three days. It counts after that."
    ),
    "subject_of_another": gettext_noop("This account at the provider belonged to somebody else before."),
    "person_of_another_subject": gettext_noop(
        "This person signed in by another account at the provider before."
    ),
    "may_not_enter": gettext_noop("The person has a passkey, is suspended, or may not recover."),
}
_OTHER = gettext_noop("It answered in a way that is not understood (%(code)s).")


def problem_sentence(code: str) -> str:
    """For members."""
    if not code:
        return ""
    return _(PROBLEMS[code]) if code in PROBLEMS else _(_OTHER) % {"code": code}


def claimant_sentence(code: str) -> str:
    """For whoever signed in: what to do next, and nothing about the directory."""
    if not code:
        return ""
    if code == "given_up":
        return _("You stopped at the sign-in. Nothing happened.")
    if code == "may_not_enter":
        return _("Nothing can be set up for your account this way. If you have a passkey, sign in with it.")
    return _("The sign-in could not be used here. Try once more, or ask your help desk.")
