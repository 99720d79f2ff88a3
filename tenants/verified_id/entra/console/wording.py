"""Words for people: the steps of a test, what was wrong, and what became of a request."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.verified_id.entra.models import EntraRequest

STEPS = {
    "token": gettext_noop("Signing in at Microsoft"),
    "permission": gettext_noop("What the application may do"),
    "presentation": gettext_noop("A request for a card, with a Face Check"),
    "issuance": gettext_noop("An offer of a card"),
    "records": gettext_noop("Finding and revoking cards in your records"),
}
PROBLEMS = {
    "directory_unknown": gettext_noop("Microsoft knows no directory with this tenant ID."),
    "client_unknown": gettext_noop("This directory has no application with this client ID."),
    "client_disabled": gettext_noop("The application is disabled in the directory."),
    "secret_wrong": gettext_noop(
        "The client secret is wrong. Copy its value, not its ID; Microsoft shows the value once only."
    ),
    "secret_expired": gettext_noop("The client secret has expired. Make a new one and enter it here."),
    "certificate_unknown": gettext_noop(
        "The application does not know the certificate. Upload it there, under Certificates and secrets."
    ),
    "service_missing": gettext_noop("Verified ID is not set up in this directory."),
    "blocked_by_policy": gettext_noop("A Conditional Access policy of the directory stops the application."),
    "token_refused": gettext_noop("Microsoft gives the application no token."),
    "token_rejected": gettext_noop("Verified ID does not take the token of this application."),
    "permission_missing": gettext_noop(
        "The application lacks the permission VerifiableCredential.Create.All of “Verifiable Credentials Service "
        "Request”. Add it as an application permission, and let an administrator consent."
    ),
    "permission_missing_presentation": gettext_noop(
        "The application may offer cards and not ask for them: it lacks VerifiableCredential.Create.PresentRequest."
    ),
    "permission_missing_issuance": gettext_noop(
        "The application may ask for cards and not offer them: it lacks VerifiableCredential.Create.IssueRequest."
    ),
    "request_refused": gettext_noop(
        "Verified ID refused the request and did not say which setting it minds."
    ),
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
    "records_refused": gettext_noop(
        "The application may not search and revoke cards. Add VerifiableCredential.Credential.Search and "
        "VerifiableCredential.Credential.Revoke of “Verifiable Credentials Service Admin” as application permissions, and "
        "let an administrator consent."
    ),
    "no_entra_connection": gettext_noop("There is no connection."),
    # What became of a request
    "not_taken": gettext_noop("Nobody took the card."),
    "claims_not_asked": gettext_noop("Another card was shown than the one that was asked for."),
    "card_of_another": gettext_noop("A card was shown that this request did not ask for."),
    "receipt_differs": gettext_noop("The receipt of the Face Check says otherwise than the result."),
    "receipt_of_another_card": gettext_noop("The receipt of the Face Check is about another card."),
    "case_moved_on": gettext_noop("The recovery went on without it."),
    "declined": gettext_noop("It was declined in the app."),
    "face_too_unlike": gettext_noop("The live face was not like the photo on the card."),
    "issuance_failed": gettext_noop(
        "The card was not issued. Does the contract ask for claims that were not sent?"
    ),
    "card_refused": gettext_noop("The card is revoked or not valid."),
    "failed_there": gettext_noop("It failed at Microsoft, which gave no reason that we know."),
    "not_one_card": gettext_noop("Not exactly one card was shown."),
    "issuer_not_accepted": gettext_noop("The card is by an issuer that is not accepted here."),
    "type_not_asked": gettext_noop("Another kind of card was shown."),
    "not_known_valid": gettext_noop("It is not certain that the card is not revoked."),
    "domain_not_validated": gettext_noop("The issuer's domain was not validated."),
    "card_expired": gettext_noop("The card has expired."),
    "expiry_missing": gettext_noop("The card has no date on which it expires."),
    "face_missing": gettext_noop("There was no Face Check."),
}
SETTING_PROBLEMS = {
    "authority": gettext_noop("The directory has no such authority."),
    "credential_type": gettext_noop("The type of the card is not that of the contract."),
    "manifest_url": gettext_noop("There is no such contract. Copy its manifest URL once more."),
    "authority_id": gettext_noop(
        "Your directory has no authority with this ID, or it has not this contract."
    ),
    "callback": gettext_noop("Microsoft cannot reach this portal from the internet."),
    "pin": gettext_noop(
        "The contract takes no pin: it has to accept claims that this portal sends (ID token hint)."
    ),
    "claims": gettext_noop("The contract does not take the claims that were sent."),
}
_OTHER = gettext_noop("It did not work.")
STATE_TONES = {
    EntraRequest.State.ASKING: "info",
    EntraRequest.State.WAITING: "info",
    EntraRequest.State.OPENED: "info",
    EntraRequest.State.DONE: "ok",
    EntraRequest.State.FAILED: "bad",
}


def step_title(step: str) -> str:
    return _(STEPS.get(step, step))


def problem_sentence(code: str, setting: str = "") -> str:
    """What was wrong and what to change; empty for nothing."""
    if not code:
        return ""
    if setting in SETTING_PROBLEMS:
        return _(SETTING_PROBLEMS[setting])
    return _(PROBLEMS.get(code, _OTHER))
