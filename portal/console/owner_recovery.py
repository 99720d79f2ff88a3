"""What the owner does with an operator's link: prove the mailbox on file, and begin anew without the passkey that is lost.

Protects the account from whoever got hold of the link: it opens only after its wait, in the browser where a code to the owner's
first address was typed. What it does not do: sign anybody in. The next sign-in is by a mailed code, and makes a passkey.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import clean_code, keyed_digest, numeric_code, same
from portal.kit.errors import Invalid, NotHere
from portal.kit.limits import Limit, take
from tenants.models import OwnerRecovery, User
from tenants.notices.services import send_staff_mail
from tenants.owner_recovery import is_open, use_owner_recovery

CODE_KEY = "owner_recovery_code"
CODE_SECONDS = 600
CODES = Limit("owner_recovery_code_sent", 5, 3600)
# For the whole link, and not anew with each code.
TRIES = Limit("owner_recovery_code_tried", 5, 3600)


def addresses_of(user: User) -> set[str]:
    """Every address that was confirmed, for whoever is told."""
    return set(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))


def has_lost_something(user: User) -> bool:
    """Whether a passkey or an authenticator app stands between this account and a mailed code."""
    return bool(Authenticator.objects.filter(user_id=user.id).exists())


def _context(recovery: OwnerRecovery) -> str:
    return f"owner recovery code|{recovery.id}"


def send_code(request: HttpRequest, recovery: OwnerRecovery) -> None:
    if not is_open(recovery):
        raise NotHere("owner_recovery_waits")
    take(CODES, _context(recovery))
    code = numeric_code()
    request.session[CODE_KEY] = {
        "recovery": str(recovery.id),
        "digest": keyed_digest(code, context=_context(recovery)).hex(),
        "until": clock.now().timestamp() + CODE_SECONDS,
    }
    with transaction.atomic():
        send_staff_mail("staff_sign_in_code", address=recovery.user.email, context={"code": code})


def complete(request: HttpRequest, recovery: OwnerRecovery, typed: str) -> None:
    """Count the try, compare, then take what was lost from the account. Invalid when the code is wrong or too old."""
    take(TRIES, _context(recovery))
    held = request.session.get(CODE_KEY) or {}
    fresh = held.get("recovery") == str(recovery.id) and held.get("until", 0) > clock.now().timestamp()
    digest = keyed_digest(clean_code(typed), context=_context(recovery))
    if not fresh or not same(digest, bytes.fromhex(held["digest"])):
        sentence = _("This code is wrong or too old. Check the newest mail, or ask for a new code.")
        raise Invalid("owner_recovery_code_wrong", sentence, field="code")
    request.session.pop(CODE_KEY)
    with transaction.atomic():
        user = use_owner_recovery(recovery.id, own_addresses=addresses_of(recovery.user))
        Authenticator.objects.filter(user_id=user.id).delete()
