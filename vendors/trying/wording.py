"""What was found, in sentences for whoever builds the provider."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vendors.trying.requirements import REQUIREMENTS, Finding, Requirement, Result, Round
from vendors.wording import PROBLEMS

ROUNDS = {
    Round.ALONE: gettext_noop("Without a person"),
    Round.FIRST: gettext_noop("After a first sign-in"),
    Round.SECOND: gettext_noop("After a second sign-in"),
}
FINDINGS = {
    Finding.PASSED: (gettext_noop("Met"), "ok"),
    Finding.FAILED: (gettext_noop("Not met"), "bad"),
    Finding.SKIPPED: (gettext_noop("Not tried"), "neutral"),
}
WHY = {
    "took_too_long": gettext_noop("The answers took so long that we stopped."),
    "s256_not_named": gettext_noop("code_challenge_methods_supported does not name S256."),
    "issuer_not_announced": gettext_noop("authorization_response_iss_parameter_supported is not true."),
    "no_usable_key": gettext_noop("There is no key of the kinds EC P-256 or RSA."),
    "was_accepted": gettext_noop("It was accepted."),
    "none_sent": gettext_noop("No portrait was sent. A live face can be compared with nothing then."),
    "not_reached": gettext_noop("Something before it was not met."),
    "state_wrong": gettext_noop("The state was not the one we sent."),
    "answer_without_issuer": gettext_noop("The answer did not carry iss."),
    "answer_of_another_issuer": gettext_noop("The answer carried another issuer in iss."),
    "error_instead_of_code": gettext_noop("An error came in place of a code."),
    "code_missing": gettext_noop("There was no code."),
    "code_refused": gettext_noop("The code was refused."),
    "id_token_missing": gettext_noop("The token response holds no id_token."),
    "key_unknown": gettext_noop("No published key, or more than one, fits the token's kid and alg."),
    "token_signature_wrong": gettext_noop("The signature does not hold under the published key."),
    "token_unreadable": gettext_noop("The token is no signed JWT, or says a thing twice."),
    "token_algorithm_refused": gettext_noop("The token's alg is none of ES256, PS256 and RS256."),
    "token_extension_refused": gettext_noop("The token's header asks for an extension (crit or b64)."),
    "token_of_another_kind": gettext_noop("The token's typ is another than JWT."),
    "token_key_too_short": gettext_noop("The token is signed with an RSA key of less than 2048 bits."),
    "token_issuer_wrong": gettext_noop("The token's iss is another issuer."),
    "token_audience_wrong": gettext_noop("The token's aud is not this client alone."),
    "token_party_wrong": gettext_noop("The token's azp is another client."),
    "token_expired": gettext_noop("The token has expired."),
    "token_not_valid_yet": gettext_noop("The token's nbf has not come yet."),
    "token_not_recent": gettext_noop("The token's iat is not of now."),
    "token_nonce_wrong": gettext_noop("The token's nonce is not the one we sent."),
    "verified_claims_missing": gettext_noop("The token holds no verified_claims."),
    "trust_framework_not_asked_for": gettext_noop(
        "None, or more than one, is of the framework that was asked for."
    ),
    "assurance_level_missing": gettext_noop("assurance_level is missing."),
    "assurance_level_unknown": gettext_noop("assurance_level is none of VERIFIED, FAILED and null."),
    "verification_time_unusable": gettext_noop("time is missing, or has no offset."),
    "verification_not_of_this_attempt": gettext_noop("time is not of this request."),
    "attachment_elsewhere": gettext_noop("The portrait lies at another origin than the provider's own."),
    "attachment_digest_wrong": gettext_noop("The portrait does not have the digest in the token."),
    "attachment_digest_missing": gettext_noop("The portrait has no digest of a kind we know."),
    "attachment_not_jpeg": gettext_noop("The portrait is not a JPEG."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table; `label` and what follows are empty before anything was found."""

    title: str
    clause: str
    round: str
    label: str = ""
    tone: str = ""
    why: str = ""
    answered: str = ""


def lines(found: dict[str, Result]) -> list[Line]:
    return [_line(each, found.get(each.code)) for each in REQUIREMENTS]


def _line(requirement: Requirement, result: Result | None) -> Line:
    said = (_(requirement.title), requirement.clause, _(ROUNDS[requirement.round]))
    if result is None:
        return Line(*said)
    label, tone = FINDINGS[result.finding]
    sentence = WHY.get(result.code) or PROBLEMS.get(result.code)
    why = _(sentence or gettext_noop("The answer could not be used.")) if result.code else ""
    shown = result.answered or ("" if sentence else result.code)
    return Line(*said, label=_(label), tone=tone, why=why, answered=shown)
