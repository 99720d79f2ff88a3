"""Words for people: statuses, and what is wrong with a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vendors.billing.rating.billability import Outcome
from vendors.billing.rating.periods import Period
from vendors.contract import Manifest, Reference
from vendors.models import Connection
from vendors.registry import is_listed
from vendors.selectors import listing, taken_by

TONES = {
    Connection.Status.CONNECTING: "info",
    Connection.Status.READY: "ok",
    Connection.Status.FAILING: "bad",
    Connection.Status.REMOVED: "neutral",
}
CONTRACTS = {
    "public": gettext_noop("Public: anybody can read it"),
    "reconstructed": gettext_noop("Reconstructed from public code: the partner does not publish it"),
    "not_public": gettext_noop("Not public"),
}
TERMS = {
    "no_resale": gettext_noop("The partner's terms forbid reselling: you pay it yourself."),
    "no_id_switch": gettext_noop("The partner's terms forbid using it to hand out another way to sign in."),
    "rp_registration": gettext_noop("You register as a relying party in your country."),
    "contract_required": gettext_noop("You need a contract of your own with the provider."),
}
REFERENCES = {
    Reference.NAMES: gettext_noop("names"),
    Reference.BIRTHDATE: gettext_noop("date of birth"),
}
SETTINGS = {
    "return_url": gettext_noop("Return address"),
    "registration_token": gettext_noop("Registration token of this installation"),
}
PROBLEMS = {
    "no_answer": gettext_noop("Nobody answered in time."),
    "name_not_found": gettext_noop("The host name is not known."),
    "partner_down": gettext_noop("The partner answered with an error of its own."),
    "rate_limited": gettext_noop("The partner asks us to slow down."),
    "address_refused": gettext_noop("The address leads into a private network."),
    "address_not_https": gettext_noop("The address must begin with https."),
    "issuer_unusable": gettext_noop("This is not an issuer address: https, no query, no user name."),
    "issuer_has_no_metadata": gettext_noop("There is no OpenID Connect metadata at this issuer."),
    "issuer_is_another": gettext_noop("The metadata there names another issuer. Copy it to the letter."),
    "pushed_requests_missing": gettext_noop(
        "The provider does not offer pushed authorization requests (RFC 9126)."
    ),
    "keys_unreachable": gettext_noop("The provider's keys could not be read."),
    "keys_unusable": gettext_noop("The provider's keys could not be understood."),
    "client_id_missing": gettext_noop("The client ID is missing."),
    "client_secret_missing": gettext_noop("The client secret is missing."),
    "private_key_unusable": gettext_noop("The private key is not a usable JWK."),
    "client_refused": gettext_noop("The provider does not accept this client ID with this credential."),
    "request_refused": gettext_noop(
        "The provider does not accept the request. Is the return address registered there?"
    ),
    "registration_refused": gettext_noop("The partner did not accept the registration."),
    "registration_token_missing": gettext_noop(
        "This installation has no registration token for the partner."
    ),
    "service_unusable": gettext_noop("This is not an address of a service: https, no query, no user name."),
    "issuer_did_unusable": gettext_noop("Enter a did:web, such as did:web:partner.example.com."),
    "issuer_not_trusted": gettext_noop(
        "This DID is none of your trusted issuers. Add it under Verified ID, Trusted issuers, for proven identity."
    ),
    "issuer_not_checked": gettext_noop(
        "This issuer's keys or its linked domain could not be read within the last day. See Verified ID, Trusted issuers."
    ),
    "issuer_of_another_format": gettext_noop(
        "You trust this issuer for another format. Add it as SD-JWT, with the type the partner names."
    ),
    "session_refused": gettext_noop(
        "The partner does not accept the request. Is the return address registered there?"
    ),
    "acr_missing": gettext_noop("The name of the eID at the broker is missing."),
    "api_key_unusable": gettext_noop("This cannot be a key: it holds spaces or is too short."),
    "key_refused": gettext_noop("The partner does not accept this key."),
    "permission_missing": gettext_noop(
        "The key may not do everything that is needed. See the hint beside it."
    ),
    "partner_unpaid": gettext_noop("The partner asks for payment before it goes on."),
    "api_base_unusable": gettext_noop("This is neither the partner's address nor one on this machine."),
    "template_missing": gettext_noop("The template is missing."),
    "client_certificate_unusable": gettext_noop(
        "This is not a certificate together with its private key (PEM, without a pass phrase)."
    ),
    "client_certificate_of_another_key": gettext_noop(
        "The private key does not belong to this certificate. Enter the key that the certificate was ordered with."
    ),
    "client_certificate_path_broken": gettext_noop(
        "The certificates beside yours do not lead from it to its issuer. Leave out those of another chain."
    ),
    "client_certificate_over": gettext_noop(
        "This certificate has run out. Order a new one where you got it."
    ),
    "client_certificate_early": gettext_noop("This certificate does not hold yet. Enter it when it does."),
    "client_certificate_refused": gettext_noop(
        "The partner does not accept this certificate: it is of another environment, of an issuer that it does not know, or revoked."
    ),
    "roots_unusable": gettext_noop("This is not a certificate (PEM)."),
    "server_certificate_refused": gettext_noop(
        "The server is not under this root certificate. Is it the one of this environment?"
    ),
    "session_unknown": gettext_noop(
        "The partner does not know what was asked for. Look at the template or flow."
    ),
    "authority_missing": gettext_noop("Turn Verified ID on first."),
    "client_unusable": gettext_noop("Choose how wallets know you."),
    "no_client_certificate": gettext_noop(
        "There is no access certificate to sign requests with, or it has run out. See Verified ID, Access certificate."
    ),
    "pid_issuers_missing": gettext_noop(
        "Nobody's PID is believed. Add the certificates of PID providers under Verified ID, Trusted issuers, as identity of a state."
    ),
    "answer_not_json": gettext_noop("The answer was not JSON."),
    "answer_not_an_object": gettext_noop("The answer had another shape than agreed."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem as the page tells it. `answered` is what the other side said, a code; empty where we found it out alone. `code` is
    ours."""

    setting: str
    sentence: str
    answered: str
    code: str


UNUSABLE = gettext_noop("The answer could not be used.")
# What a code means of one setting.
OF_SETTINGS = {
    ("template_id", "request_refused"): gettext_noop(
        "The partner does not accept the request. Is this the template's name there, and is our address allowed to return to?"
    ),
}


def told_problems(manifest: Manifest, problems: Sequence[Mapping[str, str]]) -> list[Problem]:
    labels = {field.name: field.label for field in manifest.fields} | SETTINGS
    return [
        Problem(
            _(labels.get(problem["setting"], "Issuer")),
            _(
                OF_SETTINGS.get((problem["setting"], problem["code"]))
                or PROBLEMS.get(problem["code"], UNUSABLE)
            ),
            problem["answered"],
            problem["code"],
        )
        for problem in problems
    ]


def partner_name(vendor: str) -> str:
    """A partner that is not in this installation's list goes by the name the ledger has."""
    if is_listed(vendor):
        return _(listing(vendor).title)
    return _(JUDGES[vendor]) if vendor in JUDGES else vendor


JUDGES = {
    "readmit": gettext_noop("Face Check"),
    "entra_face_check": gettext_noop("Face Check by Microsoft"),
}


OUTCOMES = {
    Outcome.PASSED: gettext_noop("Passed"),
    Outcome.FAILED: gettext_noop("Failed"),
    Outcome.INCONCLUSIVE: gettext_noop("No decision"),
    Outcome.RETAKE: gettext_noop("Taken again"),
    Outcome.PARTNER_FAILED: gettext_noop("Partner's error"),
    Outcome.TIMED_OUT: gettext_noop("Timed out"),
    Outcome.GIVEN_UP: gettext_noop("Given up"),
    Outcome.MOVED_BROWSERS: gettext_noop("Moved to another browser"),
    Outcome.REUSED: gettext_noop("Proof used again"),
}


def outcome_word(outcome: str) -> str:
    return _(OUTCOMES[Outcome(outcome)]) if outcome in set(Outcome) else outcome


# What partners say (vendors.contract.Reason), and how a proofing ended.
PARTNER_REASONS: dict[str, str] = {
    "doc_expired": gettext_noop("The document has expired."),
    "doc_unreadable": gettext_noop("The document could not be read."),
    "doc_unsupported": gettext_noop("This kind of document is not accepted."),
    "doc_not_genuine": gettext_noop("The document did not look genuine."),
    "doc_lost_or_stolen": gettext_noop("The document is reported lost or stolen."),
    "data_inconsistent": gettext_noop("The parts of the document contradict each other."),
    "name_mismatch": gettext_noop("The names do not agree."),
    "birthdate_mismatch": gettext_noop("The dates of birth do not agree."),
    "id_number_mismatch": gettext_noop("The identity number does not agree."),
    "face_mismatch": gettext_noop("The face did not agree with the document."),
    "face_missing": gettext_noop("No face could be seen, in the document or before the camera."),
    "liveness_failed": gettext_noop("It was not certain that a live person stood before the camera."),
    "presentation_attack": gettext_noop("Something was held before the camera instead of a face."),
    "under_age": gettext_noop("The person is younger than the partner accepts."),
    "country_unsupported": gettext_noop("Documents of this country are not accepted."),
    "device_unsupported": gettext_noop("The device cannot be used for this check."),
    "consent_declined": gettext_noop("The person did not agree to the partner's check."),
    "user_cancelled": gettext_noop("The person gave up at the partner."),
    "timed_out": gettext_noop("It took too long."),
    "assurance_too_low": gettext_noop("The check reached a lower level than was asked for."),
    "risk_signal": gettext_noop("The partner saw a sign of fraud."),
    "too_many_tries": gettext_noop("There were too many tries at the partner."),
    "eid_blocked": gettext_noop("The eID is blocked or no longer valid. Who issued it knows why."),
    "eid_used_elsewhere": gettext_noop("Another sign-in with the same eID was begun meanwhile."),
    "partner_error": gettext_noop("The partner made an error. It does not count against the person."),
    "document_not_accepted": gettext_noop("The document was not accepted."),
    "not_confirmed": gettext_noop("Face or life could not be confirmed."),
    "other": gettext_noop("The partner gave a reason of its own."),
    "verified": gettext_noop("The partner confirmed the person."),
    "not_verified": gettext_noop("The partner checked the person and said no."),
    "retry_allowed": gettext_noop("The partner could not decide. It may be tried again."),
    "user_aborted": gettext_noop("The person gave up at the partner."),
    "expired": gettext_noop("Nobody finished at the partner in time."),
    "partner_failed": gettext_noop("The partner gave no usable answer."),
}


def partner_reason(code: str) -> str:
    """What a partner said, or how it ended."""
    return _(PARTNER_REASONS.get(code, PARTNER_REASONS["other"]))


# What the person is to do while our page waits for an app (vendors.contract.Hint).
HINTS: dict[str, str] = {
    "open_app": gettext_noop("Waiting until you open the app."),
    "app_starting": gettext_noop(
        "The app is open and looks for your eID. If it finds none, there may be none on that device."
    ),
    "confirm": gettext_noop("Confirm in the app with your security code, finger or face."),
    "read_document": gettext_noop("Hold your passport or identity card against the phone, as the app shows."),
    "working": gettext_noop("You are done in the app. The answer is on its way."),
}


def hint_words(code: str) -> str:
    """A partner may wait for something that has no word here: then for the person."""
    return _(HINTS.get(code, HINTS["open_app"]))


# Why a sign-in with an eID decided nothing, to the person themselves.
EID_ENDS: dict[str, str] = {
    "user_cancelled": gettext_noop("The sign-in was stopped."),
    "timed_out": gettext_noop("It was not confirmed in time."),
    "eid_used_elsewhere": gettext_noop(
        "Another sign-in with your eID began meanwhile. If that was not you, do not confirm it."
    ),
    "device_unsupported": gettext_noop("Your app cannot do what is asked for. Update it first."),
    "partner_error": gettext_noop("The eID did not answer. That does not count against you."),
}


def eid_end(reasons: Sequence[str]) -> str:
    """The first that there are words for; empty without one."""
    return next((_(EID_ENDS[code]) for code in reasons if code in EID_ENDS), "")


# The step of a case that a check belongs to, and how the case ran.
STEPS = {
    "proofed": gettext_noop("Proof with the partner"),
    "face_checked": gettext_noop("Face Check"),
    "bridged": gettext_noop("Proof with the partner, for a client of the bridge"),
    "bridged_face": gettext_noop("Face Check, for a client of the bridge"),
}
MODES = {"production": gettext_noop("Production"), "evaluation": gettext_noop("Evaluation")}


def step_word(step: str) -> str:
    return _(STEPS[step]) if step in STEPS else step


def mode_word(mode: str) -> str:
    return _(MODES[mode]) if mode in MODES else mode


def period_words(period: Period, zone: ZoneInfo) -> str:
    """`1 Nov – 30 Nov 2026`, in the tenant's days."""
    first = period.start.astimezone(zone)
    last = (period.end - timedelta(seconds=1)).astimezone(zone)
    return f"{date_format(first, 'j M')} – {date_format(last, 'j M Y')}"


def references_in_words(words: Sequence[str]) -> str:
    """ "names, date of birth"; a word that is not known any more stays as it is."""
    known = {one.value: _(sentence) for one, sentence in REFERENCES.items()}
    return ", ".join(known.get(word, word) for word in words)


def taken_in_words(vendor: str) -> str:
    """What this partner is sent about a person before they come."""
    if not is_listed(vendor):
        return ""
    takes = references_in_words([one.value for one in taken_by(vendor)])
    if not takes:
        return _("Nothing about the person.")
    return _("Only what a profile says for it, and only after the person agreed: %(what)s.") % {"what": takes}
