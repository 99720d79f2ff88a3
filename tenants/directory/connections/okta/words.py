"""Words for people about Okta: the parts of a test, and what went wrong."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from tenants.directory.connections.contract import Words

STEPS = {
    "token": gettext_noop("Signing in at Okta"),
    "users": gettext_noop("Reading people"),
    "groups": gettext_noop("Reading groups and who is in them"),
    "policy": gettext_noop("The authenticator Temporary access code"),
    "methods": gettext_noop("Making codes, seeing and removing ways to sign in"),
    "sessions": gettext_noop("Ending sessions"),
}
_UNUSABLE = gettext_noop("The answer was not as Okta documents it.")
PROBLEMS = {
    "key_unknown": gettext_noop(
        "Okta does not know the application, or not its key. Register the public key shown above in the application, set "
        "to Public key / Private key, and compare the client ID."
    ),
    "client_unknown": gettext_noop(
        "The application may not sign in this way. It has to be an API Services application."
    ),
    "scopes_missing": gettext_noop(
        "The application was granted none of what is needed. Grant okta.users.read and okta.groups.read under Okta API Scopes."
    ),
    "proof_refused": gettext_noop(
        "Okta does not take the proof of possession. Does the clock of this server run right?"
    ),
    "blocked_by_policy": gettext_noop("A network zone or policy of the organisation stops the application."),
    "token_refused": gettext_noop("Okta gives the application no token."),
    "token_rejected": gettext_noop("Okta does not take the token of this application."),
    "permission_missing_users": gettext_noop(
        "The application may not read people. Grant okta.users.read under Okta API Scopes, and give it an administrator role "
        "that may view users."
    ),
    "permission_missing_groups": gettext_noop(
        "The application may not read groups. Grant okta.groups.read under Okta API Scopes, and give it an administrator role "
        "that may view groups and their members."
    ),
    "permission_missing_policy": gettext_noop(
        "The application may not read authenticators. Grant okta.authenticators.read under Okta API Scopes."
    ),
    "permission_missing_methods": gettext_noop(
        "The application may not make codes. Grant okta.users.manage under Okta API Scopes, and give it an administrator role "
        "that may manage users' temporary access codes and authenticators."
    ),
    "permission_missing_sessions": gettext_noop(
        "The application may not end sessions. Grant okta.users.manage under Okta API Scopes, and give it an administrator "
        "role that may clear users' sessions."
    ),
    "pass_policy_off": gettext_noop(
        "The organisation has no active authenticator Temporary access code. Add it under Security, Authenticators; it needs "
        "Okta Identity Engine. Then let the enrolment policy of your people and the sign-in policy of the dashboard accept it."
    ),
    "request_refused": gettext_noop("Okta refused the request and did not say why."),
    "sync_state_lost": gettext_noop(
        "Okta lost track of how far we were, several times in a row. Try again later."
    ),
    "pages_without_end": gettext_noop(
        "The answers of Okta led in a circle. Nothing was removed. Try again later."
    ),
    "link_elsewhere": gettext_noop("An answer of Okta led somewhere else, which we do not follow."),
    "service_busy": gettext_noop(
        "Okta is busy, has an outage, or its rate limit is used up. Try again later."
    ),
    "service_moved": gettext_noop(
        "Okta sent us somewhere else, which we do not follow. Is the address of the organisation right?"
    ),
    "no_answer": gettext_noop("Nobody answered in time. Is the address of the organisation right?"),
    "name_not_found": gettext_noop("Nobody is known by the address of the organisation. Is it right?"),
    "address_refused": gettext_noop("The address leads into a private network, where nothing is asked."),
    "answer_unusable": _UNUSABLE,
    "token_unusable": _UNUSABLE,
    "bad_json": _UNUSABLE,
    "answer_too_large": _UNUSABLE,
}
WORDS = Words(
    "Okta",
    "Okta",
    gettext_noop("temporary access code"),
    gettext_noop("A password and the e-mail address stay."),
    STEPS,
    PROBLEMS,
)
