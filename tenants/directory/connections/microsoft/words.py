"""Words for people about Microsoft Entra: the parts of a test, and what went wrong."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from tenants.directory.connections.contract import Words

STEPS = {
    "token": gettext_noop("Signing in at Microsoft"),
    "users": gettext_noop("Reading people"),
    "groups": gettext_noop("Reading groups and who is in them"),
    "policy": gettext_noop("The policy of Temporary Access Passes"),
    "methods": gettext_noop("Making passes, seeing and removing ways to sign in"),
    "sessions": gettext_noop("Signing people out"),
}
PROBLEMS = {
    "directory_unknown": gettext_noop("Microsoft knows no directory with this tenant ID."),
    "client_unknown": gettext_noop("This directory has no application with this client ID."),
    "client_disabled": gettext_noop("The application is disabled in the directory."),
    "secret_wrong": gettext_noop(
        "The client secret is wrong. Copy its value, not its ID; Microsoft shows the value once only."
    ),
    "secret_expired": gettext_noop("The client secret has expired. Make a new one and enter it here."),
    "service_missing": gettext_noop("Microsoft Graph cannot be used in this directory."),
    "blocked_by_policy": gettext_noop("A Conditional Access policy of the directory stops the application."),
    "token_refused": gettext_noop("Microsoft gives the application no token."),
    "token_rejected": gettext_noop("Microsoft Graph does not take the token of this application."),
    "permission_missing_users": gettext_noop(
        "The application may not read people: it lacks User.Read.All. Add it as an application permission of "
        "Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_groups": gettext_noop(
        "The application may not read groups: it lacks GroupMember.Read.All. Add it as an application permission "
        "of Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_policy": gettext_noop(
        "The application may not read the policy: it lacks Policy.Read.All. Add it as an application permission of "
        "Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_methods": gettext_noop(
        "The application may not make passes: it lacks UserAuthenticationMethod.ReadWrite.All. Add it as an application "
        "permission of Microsoft Graph, and let an administrator consent."
    ),
    "permission_missing_sessions": gettext_noop(
        "The application may not sign people out: it lacks User.RevokeSessions.All. Add it as an application permission "
        "of Microsoft Graph, and let an administrator consent."
    ),
    "pass_policy_off": gettext_noop(
        "The policy of the directory turns Temporary Access Passes off. Turn them on in the Entra admin center, under "
        "Authentication methods."
    ),
    "request_refused": gettext_noop("Microsoft Graph refused the request and did not say why."),
    "sync_state_lost": gettext_noop(
        "Microsoft lost track of how far we were, several times in a row. Try again later."
    ),
    "pages_without_end": gettext_noop(
        "The answers of Microsoft led in a circle. Nothing was removed. Try again later."
    ),
    "link_elsewhere": gettext_noop("An answer of Microsoft led somewhere else, which we do not follow."),
    "service_busy": gettext_noop("Microsoft is busy or has an outage. Try again later."),
    "service_moved": gettext_noop("Microsoft sent us somewhere else, which we do not follow."),
    "no_answer": gettext_noop("Nobody answered in time."),
    "name_not_found": gettext_noop(
        "Microsoft's host name is not known here. Does this server reach the internet?"
    ),
    "answer_unusable": gettext_noop("The answer was not as Microsoft documents it."),
    "pass_not_once": gettext_noop(
        "Microsoft made a pass for several uses, where one for a single use was asked for."
    ),
    "token_unusable": gettext_noop("The answer was not as Microsoft documents it."),
    "bad_json": gettext_noop("The answer was not as Microsoft documents it."),
    "answer_too_large": gettext_noop("The answer was not as Microsoft documents it."),
}

WORDS = Words(
    "Microsoft",
    "Microsoft Entra",
    gettext_noop("Temporary Access Pass"),
    gettext_noop("A password stays."),
    STEPS,
    PROBLEMS,
)
