"""Why a pass in another directory was not made, or what was seen there: codes, and a sentence for staff each."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from recovery.models import Case

PASS_REASONS: dict[str, str] = {
    "account_not_there": gettext_noop(
        "The directory where accounts live does not know this person, so no pass could be made."
    ),
    "account_gone": gettext_noop("The account was deleted in its directory."),
    "account_guest": gettext_noop(
        "The account is a guest of another organisation. No pass is made for guests there: they recover where they are at "
        "home."
    ),
    "account_disabled": gettext_noop("The account is blocked from signing in."),
    "accounts_moved": gettext_noop("Accounts do not live elsewhere any more, or the connection was removed."),
    "pass_policy_off": gettext_noop("The policy of the directory turns passes off."),
    "pass_out_of_scope": gettext_noop("The policy of passes there is not for this person."),
    "pass_of_another": gettext_noop(
        "The directory answered with a pass that is not this account's. Nobody was shown it."
    ),
    "pass_not_once": gettext_noop(
        "The directory answered with a pass for several uses, where one for a single use was asked for. Nobody was shown it."
    ),
    "pass_delayed": gettext_noop("The directory does not make the pass, and it is tried again."),
    "pass_lost": gettext_noop("The pass was replaced or removed in the directory by somebody else."),
    "pass_not_watched": gettext_noop("The directory does not say what became of the pass."),
    "method_without_pass": gettext_noop(
        "A new way to sign in was added there without the pass. Somebody else may have done it."
    ),
    "methods_left": gettext_noop(
        "Some ways to sign in could not be removed in the directory. Remove them there."
    ),
    "account_not_cleared": gettext_noop(
        "What was to be removed in the directory could not be. Look at the account there: passes, ways to sign in from before "
        "and open sessions may be left."
    ),
    "permission_missing_users": gettext_noop(
        "The application in the directory may not read people. The page of the connection says what it lacks."
    ),
    "permission_missing_policy": gettext_noop(
        "The application in the directory may not read the policy of passes. The page of the connection says what it lacks."
    ),
    "permission_missing_methods": gettext_noop(
        "The application in the directory may not make passes. The page of the connection says what it lacks."
    ),
    "permission_missing_sessions": gettext_noop(
        "The application in the directory may not sign people out. The page of the connection says what it lacks."
    ),
    "secret_expired": gettext_noop("The client secret of the connection has expired."),
    "secret_wrong": gettext_noop("The client secret of the connection is wrong."),
}
# Of these the person is told to call: beginning again would end the same way.
NO_PASS = frozenset(
    {
        *("account_not_there", "account_gone", "account_guest", "account_disabled", "accounts_moved"),
        *("pass_policy_off", "pass_out_of_scope"),
    }
)


def ends_without_pass(case: Case) -> bool:
    """Whether it ended because no pass is made there, and for nothing before that. Whoever proves first is told what everybody
    is told."""
    return not case.is_unproven and not NO_PASS.isdisjoint(case.reasons[:1])
