"""Words for people: what is published, what was wrong with it, and why a credential was revoked."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.verified_id.models import Credential, LinkedDomain, SigningKey, TrustedIssuer

PUBLISHED = {
    "did_document": gettext_noop("Identifier and public keys"),
    "issuer_metadata": gettext_noop("What the authority issues"),
    "server_metadata": gettext_noop("How wallets fetch a card"),
    "credential_type": gettext_noop("What the card holds"),
    "status_list": gettext_noop("Which cards are revoked"),
}
PROBLEMS = {
    "no_answer": gettext_noop("Nobody answered in time."),
    "name_not_found": gettext_noop("The host name is not known."),
    "partner_down": gettext_noop("The host answered with an error of its own."),
    "rate_limited": gettext_noop("The host asks us to slow down."),
    "address_refused": gettext_noop("The address leads into a private network."),
    "address_not_https": gettext_noop("The address must begin with https."),
    "body_size": gettext_noop("The file is too large."),
    "json": gettext_noop("The file is not JSON."),
    "linked_dids": gettext_noop("The file has no list of linked identifiers."),
    "linked_did_missing": gettext_noop("The file does not name this authority. Copy it once more."),
    "linkage_key": gettext_noop("The statement in the file was signed for another authority."),
    "linkage_subject": gettext_noop("The statement in the file speaks of another authority."),
    "linkage_type": gettext_noop("The statement in the file is of another kind."),
    "linkage_id": gettext_noop("The statement in the file was edited. Copy it once more."),
    "linkage_origin": gettext_noop(
        "The statement in the file is for another domain. Copy the one for this domain."
    ),
    "linkage_expired": gettext_noop("The statement in the file has expired. Copy a new one."),
    "signature": gettext_noop("The signature in the file does not hold. Copy it once more, to the letter."),
}
# What was wrong with another issuer: its file is not the member's to mend.
ISSUER_PROBLEMS = {
    "did_document_id": gettext_noop("The document at its host is of another DID."),
    "did_document_keys": gettext_noop("Its document names no key that may sign cards."),
    "json": gettext_noop("What its host answers is no DID document."),
    "linked_domain_missing": gettext_noop("Its document names no domain of its own."),
    "linked_domain_address": gettext_noop("The domain it names is no address."),
    "http_404": gettext_noop("Its host has no DID document (404)."),
}
_ISSUER_OTHER = gettext_noop("The domain it names does not vouch for it.")
_OTHER = gettext_noop("The file could not be used. Copy it once more, to the letter.")
_REFUSED = gettext_noop(
    "The host answered with the code %(code)s. The file has to be readable without signing in."
)
_MISSING = gettext_noop("There is no such file on the host (404).")
REVOKED_FOR = {
    "issued_again": gettext_noop("The wallet fetched it again; the later one counts."),
    "case_evaluated": gettext_noop("The recovery was an evaluation."),
    "case_refused": gettext_noop("The recovery was refused."),
    "case_canceled": gettext_noop("The recovery was ended."),
    "case_expired": gettext_noop("The recovery took too long."),
    "case_superseded": gettext_noop("Another recovery of the account was granted."),
    "case_repudiated": gettext_noop("The owner of the account said that it was not them."),
    "revoked_at_microsoft": gettext_noop("It was revoked at Microsoft."),
    "case_moved_on": gettext_noop("The recovery had moved on when it was fetched."),
    "revoked_by_member": gettext_noop("A member revoked it."),
    "renewed": gettext_noop("Its holder has a newer one."),
    "person_removed": gettext_noop("Its holder was removed from the directory."),
    "removed_by_person": gettext_noop("Its holder removed it."),
    "revoked_by_operator": gettext_noop("An operator revoked it."),
    "suspended_by_member": gettext_noop("A member suspended it."),
    "key_compromised": gettext_noop("The key that signed it was revoked."),
}
_REVOKED = gettext_noop("It was revoked.")
STATE_TONES = {
    Credential.State.VALID: "ok",
    Credential.State.SUSPENDED: "warn",
    Credential.State.REVOKED: "neutral",
}
KEY_TONES = {
    SigningKey.State.PENDING: "info",
    SigningKey.State.ACTIVE: "ok",
    SigningKey.State.RETIRED: "neutral",
    SigningKey.State.REVOKED: "bad",
}
KEY_MEANINGS = {
    SigningKey.State.PENDING: gettext_noop(
        "Published, so that everybody who keeps a copy of the keys has it before it signs."
    ),
    SigningKey.State.ACTIVE: gettext_noop("Signs every new card, every request and the list of its cards."),
    SigningKey.State.RETIRED: gettext_noop(
        "Signs no new card. It stays published until the last card it signed has expired, so that those keep working."
    ),
    SigningKey.State.REVOKED: gettext_noop(
        "Somebody else may have had it. It is published no longer, and every card it signed is revoked."
    ),
}
DOMAIN_TONES = {
    LinkedDomain.State.NOT_LINKED: "warn",
    LinkedDomain.State.LINKED: "ok",
    LinkedDomain.State.WRONG: "bad",
}
ISSUER_TONES = {
    TrustedIssuer.State.UNCHECKED: "info",
    TrustedIssuer.State.TRUSTED: "ok",
    TrustedIssuer.State.BROKEN: "bad",
}
_OF_NETWORK = frozenset(
    {"no_answer", "name_not_found", "partner_down", "rate_limited", "address_refused", "address_not_https"}
)


def problem_sentence(code: str) -> str:
    """What was wrong, for a code of the network or of the file; empty for none."""
    if not code:
        return ""
    if code == "http_404":
        return _(_MISSING)
    if code.startswith("http_"):
        return _(_REFUSED) % {"code": code.removeprefix("http_")}
    return _(PROBLEMS.get(code, _OTHER))


def issuer_problem(code: str) -> str:
    """What was wrong with another issuer; empty for nothing."""
    if not code or code in ISSUER_PROBLEMS:
        return _(ISSUER_PROBLEMS[code]) if code else ""
    if code in _OF_NETWORK or code.startswith("http_"):
        return problem_sentence(code)
    return _(_ISSUER_OTHER)


def revoked_for(reason: str) -> str:
    return _(REVOKED_FOR.get(reason, _REVOKED)) if reason else ""


def key_meaning(state: SigningKey.State) -> str:
    return _(KEY_MEANINGS[state])


def published_title(what: str) -> str:
    return _(PUBLISHED.get(what, gettext_noop("Something else")))
