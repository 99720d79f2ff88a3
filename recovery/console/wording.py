"""Words for people: every code that a case, its steps or its audit entries can carry, as a sentence.

The claimant never reads these; members do. Whatever says which attribute agreed stays here, on the staff side.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recovery.attesting.models import AttestationAsk
from recovery.connected.reasons import PASS_REASONS
from recovery.console.callout_words import CALLOUT_REASONS
from recovery.console.sign_words import SIGN_REASONS
from vendors.facecheck.reasons import CAPTURE
from vendors.wording import PARTNER_REASONS as PARTNER_REASONS

# Opening, deciding and ending (recovery), matching, and why a case is a decoy.
CASE_REASONS: dict[str, str] = {
    "many_attempts": gettext_noop("There were many attempts for this account in a short time."),
    "no_more_mail": gettext_noop("The same network asked for too many codes, so this one was not sent."),
    "repudiated_recently": gettext_noop(
        "Somebody said of another recovery in the last 72 hours that it was not them."
    ),
    "profile_not_in_force": gettext_noop("The profile was withdrawn before the case was decided."),
    "code_tries_used_up": gettext_noop("The code from the mail was typed wrong five times."),
    "proofing_refused": gettext_noop("The partner checked the person and said no."),
    "proofing_tries_used_up": gettext_noop(
        "Proving with the partner was tried three times without an answer."
    ),
    "portrait_missing": gettext_noop("The partner sent no portrait to compare with."),
    "proven_another_way": gettext_noop(
        "The partner is listed for another way of proving than the person agreed to."
    ),
    "eid_level_too_low": gettext_noop(
        "The eID is of a lower level than the profile asks for, or of none known."
    ),
    "face_failed_recently": gettext_noop(
        "In the last 72 hours a face was shown for this account that was not the one, and this recovery showed none."
    ),
    "face_check_failed": gettext_noop("The Face Check did not confirm the person."),
    "held_card_does_not_count": gettext_noop(
        "A Verified ID from before was shown that is too old or too weak for this profile."
    ),
    "credential_of_another_case": gettext_noop("A Verified ID of another case was shown."),
    "credential_not_valid": gettext_noop("The Verified ID was revoked or had expired."),
    "policy_asks_for_nothing": gettext_noop("The profile asks for no evidence, so nobody can pass."),
    "decoy": gettext_noop("Nobody eligible stands behind this case. It could never be granted."),
    "person_may_not_recover": gettext_noop("The person is suspended or outside the profile."),
    "person_removed": gettext_noop("The person was removed from the directory meanwhile."),
    "partner_contradicted_itself": gettext_noop("The partner gave two different answers for one check."),
    "match_none": gettext_noop("What was proven does not belong to this account."),
    "match_several": gettext_noop("What was proven fits more than one account."),
    "match_another": gettext_noop("What was proven belongs to another account."),
    "one_kind_of_evidence_only": gettext_noop("Only one kind of evidence was there. Production needs two."),
    "assurance_below_account": gettext_noop("This account was proven at a higher level before."),
    "changed_recently": gettext_noop("A name or an address of the account changed in the last 72 hours."),
    "attestation_due": gettext_noop("Somebody who knows the person had to say that it is them."),
    "attestation_refused": gettext_noop("Those who know the person could not say that it is them."),
    "attestation_tries_used_up": gettext_noop(
        "Somebody who was asked whether it is them typed the code wrong five times."
    ),
    "attested_not_them": gettext_noop("Somebody who knows the person said that it is not them."),
    "missing_attestation": gettext_noop(
        "The profile asks for the word of somebody who knows the person. Nobody may give it."
    ),
    "attester_another_person": gettext_noop("The link was opened by somebody else than whom it was for."),
    "attester_own_account": gettext_noop("The person was asked about their own account."),
    "attester_not_active": gettext_noop("Whoever was asked is suspended."),
    "attester_stands_below": gettext_noop("Whoever was asked works for the person."),
    "attester_account_frozen": gettext_noop("Passkeys of whoever was asked are frozen."),
    "attester_no_passkey_held": gettext_noop("Whoever was asked has no passkey that was held for 72 hours."),
    "attester_recovery_of_their_own": gettext_noop(
        "Whoever was asked has a recovery of their own under way, or behind them for less than a week."
    ),
    "no_code_reaches_them": gettext_noop(
        "The person went on without a code and proved who they are at the free partner first."
    ),
    "first_proofs_used_up": gettext_noop("As many went on without a code as your profiles let in a day."),
    "no_way_without_address": gettext_noop(
        "It went on without a code, and the profile lets nobody in without one."
    ),
    "address_on_file": gettext_noop(
        "It went on without a code, and an e-mail address is on file to which one could be read."
    ),
    "address_lost_lately": gettext_noop(
        "It went on without a code, and the last e-mail address was taken away less than 72 hours before."
    ),
    "passkey_not_confirmed": gettext_noop(
        "It was there before a recovery, and its person did not confirm it within thirty days."
    ),
    "another_case_granted": gettext_noop("Another recovery of the same account was granted."),
    "time_over": gettext_noop("Nobody went on in time."),
    "review_time_over": gettext_noop("Two members did not agree on a verdict in seven days."),
    "not_me": gettext_noop("The account's owner said that it was not them."),
    "canceled_by_claimant": gettext_noop("The person at the recovery page ended it."),
    "not_their_device": gettext_noop("The person said that the device is not theirs, so nothing was kept."),
    "stopped_where_it_began": gettext_noop(
        "It had gone on in another browser, and the one where it began said that this was not them."
    ),
    "contradicted": gettext_noop("The partner gave two different answers for one check."),
    "proof_went_on": gettext_noop("What was proven here served a newer recovery of the same person."),
    "many_checks": gettext_noop("The person was sent to a partner many times in a day."),
    "daily_checks_used_up": gettext_noop("The paid checks of the day were used up."),
    "frozen_by_member": gettext_noop("A member froze what the recovery had given."),
    "canceled_by_member": gettext_noop("A member ended it."),
    "pass_revoked_by_member": gettext_noop("A member took the pass away, which ended the case."),
    "review_asked": gettext_noop("A member asked for a review."),
    "review_refused": gettext_noop("Two members refused it in review."),
    "review_more_evidence": gettext_noop("Two members asked for more evidence in review."),
    "review_went_on": gettext_noop("Two members let it go on. It was decided anew after that."),
    **SIGN_REASONS,
    **CALLOUT_REASONS,
    "names_agree": gettext_noop("The names agree."),
    "former_name_agrees": gettext_noop("They agree by a name the person bore before."),
    "former_name_not_accepted": gettext_noop(
        "They agree only by a name the person bore before, which the profile does not accept."
    ),
    "preferred_name_agrees": gettext_noop("They agree by the name the person is called by."),
    "name_in_another_script_agrees": gettext_noop("They agree by the name in another script."),
    "names_differ": gettext_noop("The names differ."),
    "birthdate_agrees": gettext_noop("The dates of birth agree."),
    "birthdate_differs": gettext_noop("The dates of birth differ."),
    "birthdate_not_known": gettext_noop("One side has no date of birth, and the profile asks for one."),
    "birthdate_day_and_month_swapped": gettext_noop("Day and month of the dates of birth are exchanged."),
    "birthdate_one_digit_differs": gettext_noop("The dates of birth differ in one digit."),
    "names_agree_too_weakly": gettext_noop(
        "The names are only alike, and no date of birth agrees beside them."
    ),
    "names_not_usable": gettext_noop("A name on one side cannot be compared."),
    "mixed_scripts": gettext_noop("A word of a name mixes letters of two scripts."),
    "hidden_characters": gettext_noop("A name holds characters that cannot be seen."),
    "unusual_letters": gettext_noop("A name holds letters that look like others and stand in no name."),
    "too_many_marks": gettext_noop("A name piles marks on one letter."),
    "too_long": gettext_noop("A name is too long to be compared."),
    "one_letter_differs": gettext_noop("One letter of a name differs."),
    "another_document_than_held": gettext_noop("Another document was shown for this account before."),
    "document_held_before": gettext_noop("The same document was shown for this account before."),
    "document_of_another_account": gettext_noop("The same document was shown for another account before."),
    "several_accounts_fit": gettext_noop("Names and date of birth fit more than one account."),
    "missing_document_photograph": gettext_noop("The profile asks for a document, and none was proven."),
    "missing_held_address": gettext_noop(
        "The profile asks for an address held for 72 hours. There was none."
    ),
    "missing_held_document_number": gettext_noop(
        "The profile asks for a document seen before. This was another."
    ),
    "missing_held_credential": gettext_noop(
        "The profile asks for a Verified ID held before. There was none."
    ),
    "missing_held_portrait": gettext_noop("The profile asks for an earlier portrait. There was none."),
    "missing_chip": gettext_noop("The profile asks for the document's chip. It was not read."),
    "missing_saved_code": gettext_noop("The profile asks for a saved recovery code. None was given."),
    "missing_passkey": gettext_noop("It takes the passkey of a session. None was there."),
    "document_not_accepted": gettext_noop(
        "The profile does not accept this kind of document or its country."
    ),
    "missing_eid": gettext_noop("The profile asks for an electronic identity. There was none."),
    "unknown": gettext_noop("Nobody in the directory has the name that was typed."),
    "suspended": gettext_noop("The person is suspended."),
    "out_of_scope": gettext_noop("The profile is not for this person."),
    "no_address": gettext_noop("No e-mail address is held for this person."),
}

# What the vision process says about a face, beside what a person can change about the capture.
FACE_REASONS: dict[str, str] = {
    "not_confirmed": gettext_noop("The live face could not be confirmed."),
    "no_answer": gettext_noop("The Face Check gave no answer."),
    "frames_repeated": gettext_noop("The recording repeats itself. It may not be live."),
    "face_jumped": gettext_noop("The face jumped from one picture to the next. It may not be live."),
    "identity_changed": gettext_noop("More than one face took part in the recording."),
    "colours_not_answered": gettext_noop("The face did not answer the colours on the screen."),
    "background_lit_like_face": gettext_noop(
        "The background was lit like the face. It may be a flat picture."
    ),
    "face_lit_like_flat": gettext_noop("The face was lit like something flat."),
    "head_turned_wrong_way": gettext_noop("The head turned to the other side than asked."),
    "head_jumped": gettext_noop("The head turned without passing the middle. It may not be live."),
    "head_turned_unasked": gettext_noop("The head turned before it was asked to. It may be a recording."),
    "head_turned_unevenly": gettext_noop(
        "The head did not turn when it was asked to. It may be a recording."
    ),
    "head_flat": gettext_noop("The turning head looked flat."),
}
_PORTRAIT = gettext_noop("The portrait in the Verified ID is hard to compare with.")
FACE_REASONS |= {
    f"portrait_{fault}": _PORTRAIT
    for fault in (
        "no_face",
        "several_faces",
        "too_small",
        "too_blurred",
        "too_dark",
        "too_bright",
        "turned_away",
        "cut_off",
    )
}

REASONS: dict[str, str] = {**CAPTURE, **FACE_REASONS, **PARTNER_REASONS, **CASE_REASONS, **PASS_REASONS}
_UNKNOWN = gettext_noop("A reason this page has no words for. Ask your administrator to report it.")


def sentences(codes: Iterable[str]) -> list[str]:
    """Each reason as a sentence, each once."""
    return list(dict.fromkeys(_(REASONS.get(code, _UNKNOWN)) for code in codes))


# What a partner looked at (checks of a proofing).
CHECKS: dict[str, str] = {
    "document": gettext_noop("Document"),
    "document_genuine": gettext_noop("Document is genuine"),
    "document_security_features": gettext_noop("Security features"),
    "data_consistency": gettext_noop("Parts of the document agree"),
    "face_match": gettext_noop("Face agrees with the document"),
    "liveness": gettext_noop("Live person"),
    "eid": gettext_noop("Signed in with the eID"),
}
EID_LEVELS: dict[str, str] = {
    "low": gettext_noop("Low"),
    "substantial": gettext_noop("Substantial"),
    "high": gettext_noop("High"),
}
DOCUMENTS: dict[str, str] = {
    "passport": gettext_noop("Passport"),
    "idcard": gettext_noop("Identity card"),
    "id_card": gettext_noop("Identity card"),
    "driving_permit": gettext_noop("Driving licence"),
    "driving_license": gettext_noop("Driving licence"),
    "residence_permit": gettext_noop("Residence permit"),
}
MATCHES: dict[str, str] = {
    "one": gettext_noop("Exactly this account"),
    "none": gettext_noop("Not this account"),
    "several": gettext_noop("More than one account"),
    "another": gettext_noop("Another account"),
}
ASSURANCE: dict[str, str] = {
    "ial1": gettext_noop("IAL1: less than two independent kinds of evidence"),
    "ial2": gettext_noop(
        "IAL2: a document with a live face, or an eID of level substantial or high, and a second kind of evidence"
    ),
}
CREDENTIAL_STATES: dict[str, tuple[str, str]] = {
    "valid": (gettext_noop("Valid"), "ok"),
    "suspended": (gettext_noop("Suspended"), "warn"),
    "revoked": (gettext_noop("Revoked"), "neutral"),
    "expired": (gettext_noop("Expired"), "neutral"),
    "unknown": (gettext_noop("Not one of ours"), "bad"),
}
NOTICES: dict[str, str] = {
    "confirmation_code": gettext_noop("A code, to an address held before"),
    "continuation_code": gettext_noop("A code to go on in another browser, to an address held before"),
    "account_recovered": gettext_noop("The account was recovered"),
    "recovery_held": gettext_noop("A recovery waits"),
    "recovery_refused": gettext_noop("A recovery was refused"),
    "manager_told": gettext_noop("The account was recovered, to their manager"),
    "attestation_asked": gettext_noop("Whether it is them, to somebody who knows the person"),
    "attestation_begun": gettext_noop("Somebody who knows the person was asked"),
    "review_ended": gettext_noop("A review ended without a verdict"),
    "enrolment_held": gettext_noop("A Verified ID before a loss waits"),
    "enrolment_refused": gettext_noop("A Verified ID before a loss was refused"),
    "recovery_doubted": gettext_noop("A recovery is doubted"),
    "repudiated": gettext_noop("A recovery was stopped by its owner"),
    "verified_id_added": gettext_noop("A Verified ID was handed out"),
    "enrolment_invitation": gettext_noop("An invitation to create a passkey"),
    "enrolment_reminder": gettext_noop("A reminder to create a passkey"),
    "first_passkey": gettext_noop("A first passkey was created"),
    "verified_id_removed": gettext_noop("A Verified ID was removed"),
    "details_changed": gettext_noop("Details were changed"),
}


def check_name(code: str) -> str:
    return _(CHECKS[code]) if code in CHECKS else code.replace("_", " ").capitalize()


def document_name(code: str) -> str:
    return _(DOCUMENTS.get(code, gettext_noop("Another document"))) if code else ""


# Ways to sign in elsewhere, by the names the APIs of Microsoft and Okta have for them.
METHODS: dict[str, str] = {
    "fido2AuthenticationMethod": gettext_noop("Passkey"),
    "windowsHelloForBusinessAuthenticationMethod": gettext_noop("Windows Hello"),
    "platformCredentialAuthenticationMethod": gettext_noop("Credential of the device"),
    "microsoftAuthenticatorAuthenticationMethod": gettext_noop("Authenticator app"),
    "webauthn": gettext_noop("Passkey"),
    "okta_verify": gettext_noop("Okta Verify"),
    "google_otp": gettext_noop("Authenticator app"),
    "yubikey_token": gettext_noop("Security key"),
}


def attested_by(asked_as: Iterable[str]) -> str:
    """ "Their manager, Named by the profile"."""
    known = AttestationAsk.As.values
    return ", ".join(str(AttestationAsk.As(one).label) for one in asked_as if one in known)


def in_touch(contacts: Iterable[str]) -> str:
    known = AttestationAsk.Contact.values
    return ", ".join(str(AttestationAsk.Contact(one).label) for one in contacts if one in known)


def method_name(code: str) -> str:
    return _(METHODS.get(code, gettext_noop("Another way to sign in"))) if code else ""
