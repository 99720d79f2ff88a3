"""Why a pass in another directory was not made, or what was seen there: codes, and a sentence for staff each."""

from __future__ import annotations

from django.utils.translation import gettext_noop

PASS_REASONS: dict[str, str] = {
    "account_not_there": gettext_noop(
        "The directory at Microsoft does not know this person, so no pass could be made."
    ),
    "account_gone": gettext_noop("The account was deleted at Microsoft."),
    "account_guest": gettext_noop(
        "The account is a guest of another organisation. Microsoft makes no pass for guests: they recover where they are at "
        "home."
    ),
    "account_disabled": gettext_noop("The account is blocked from signing in."),
    "accounts_moved": gettext_noop(
        "Accounts do not live at Microsoft any more, or the connection was removed."
    ),
    "pass_policy_off": gettext_noop("The policy at Microsoft turns Temporary Access Passes off."),
    "pass_out_of_scope": gettext_noop("The policy of passes at Microsoft is not for this person."),
    "pass_of_another": gettext_noop(
        "Microsoft answered with a pass that is not this account's. Nobody was shown it."
    ),
    "pass_delayed": gettext_noop("Microsoft does not make the pass, and it is tried again."),
    "pass_lost": gettext_noop("The pass was replaced or removed at Microsoft by somebody else."),
    "pass_not_watched": gettext_noop("Microsoft does not say what became of the pass."),
    "method_without_pass": gettext_noop(
        "A new way to sign in was added at Microsoft without the pass. Somebody else may have done it."
    ),
    "methods_left": gettext_noop(
        "Some ways to sign in could not be removed at Microsoft. Remove them there."
    ),
    "account_not_cleared": gettext_noop(
        "What was to be removed at Microsoft could not be. Look at the account there."
    ),
    "permission_missing_users": gettext_noop("The application at Microsoft lacks User.Read.All."),
    "permission_missing_policy": gettext_noop("The application at Microsoft lacks Policy.Read.All."),
    "permission_missing_methods": gettext_noop(
        "The application at Microsoft lacks UserAuthenticationMethod.ReadWrite.All."
    ),
    "permission_missing_sessions": gettext_noop(
        "The application at Microsoft lacks User.RevokeSessions.All."
    ),
    "secret_expired": gettext_noop("The client secret of the connection to Microsoft has expired."),
    "secret_wrong": gettext_noop("The client secret of the connection to Microsoft is wrong."),
}
# Of these the person is told to call: beginning again would end the same way.
NO_PASS = frozenset(
    {
        *("account_not_there", "account_gone", "account_guest", "account_disabled", "accounts_moved"),
        *("pass_policy_off", "pass_out_of_scope"),
    }
)
