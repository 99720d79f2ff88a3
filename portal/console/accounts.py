"""How django-allauth meets this product: mail through the outbox, addresses by our own rule, passkeys by our name."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from portal.kit.errors import Misconfigured
from portal.kit.origins import client_address, site_url
from portal.kit.scope import no_scope
from portal.kit.sealed import PLATFORM, Context, seal, unseal
from portal.recent import signed_in_recently
from tenants.notices.services import send_staff_mail

SECRETS = Context("mfa_authenticator", "data", PLATFORM)

# allauth's name of a mail -> our folder below templates/email.
MAILS: dict[str, str] = {
    "account/email/email_confirmation": "staff_address_code",
    "account/email/email_confirmation_signup": "staff_address_code",
    "account/email/login_code": "staff_sign_in_code",
    "account/email/password_reset_key": "staff_password_reset",
    "account/email/account_already_exists": "staff_account_exists",
    "account/email/unknown_account": "staff_account_unknown",
}
# allauth's notification -> the code that templates/email/staff_sign_in_changed turns into a sentence.
CHANGES: dict[str, str] = {
    "account/email/password_changed": "password",
    "account/email/password_reset": "password",
    "account/email/password_set": "password",
    "account/email/email_changed": "address",
    "account/email/email_confirm": "address",
    "account/email/email_deleted": "address",
    "mfa/email/totp_activated": "app_on",
    "mfa/email/totp_deactivated": "app_off",
    "mfa/email/recovery_codes_generated": "codes",
    "mfa/email/webauthn_added": "passkey_added",
    "mfa/email/webauthn_removed": "passkey_removed",
}


# allauth's name of a way to prove oneself again -> what its button says, the best first.
WAYS: dict[str, str] = {
    "mfa_reauthenticate:webauthn": gettext_noop("Use your passkey"),
    "reauthenticate": gettext_noop("Use your password"),
    "mfa_reauthenticate": gettext_noop("Use a code"),
}


# allauth's code of a refusal -> our sentence for it. What is not here cannot happen with our settings.
REFUSALS: dict[str, object] = {
    "account_inactive": gettext_lazy("This account is closed. Ask an owner of your organisation."),
    "cannot_remove_primary_email": gettext_lazy("This is your first address. Put another one first."),
    "duplicate_email": gettext_lazy("This address is yours already."),
    "email_password_mismatch": gettext_lazy("The address or the password is wrong. Type both again."),
    "email_taken": gettext_lazy("This address belongs to another account."),
    "enter_current_password": gettext_lazy("This is not your present password."),
    "incorrect_code": gettext_lazy("This code is wrong. Type the newest one."),
    "incorrect_password": gettext_lazy("This password is wrong. Type it again."),
    "invalid_or_expired_key": gettext_lazy("This link does not work any more. Ask for another."),
    "invalid_login": gettext_lazy("That did not sign you in. Try again."),
    "invalid_password_reset": gettext_lazy("This link does not work any more. Ask for another."),
    "max_email_addresses": gettext_lazy("You have %d addresses, which is the most. Remove one first."),
    "too_many_login_attempts": gettext_lazy("Too many tries. Wait a few minutes, then try again."),
    "unknown_email": gettext_lazy("There is no account with this address."),
    "unverified_primary_email": gettext_lazy("Confirm an address before you put it first."),
    "same_as_current": gettext_lazy("This is the one you have. Type another."),
    "rate_limited": gettext_lazy("Too many tries. Wait a few minutes, then try again."),
}
MFA_REFUSALS: dict[str, object] = {
    "add_email_blocked": gettext_lazy("Turn the authenticator app off before you add an address."),
    "cannot_delete_authenticator": gettext_lazy("This one cannot be removed now."),
    "cannot_generate_recovery_codes": gettext_lazy(
        "Add a passkey or an authenticator app first; codes are for the day you lose it."
    ),
    "incorrect_code": gettext_lazy("This code is wrong. Type the newest one."),
    "unverified_email": gettext_lazy("Confirm your e-mail address first."),
}


def _addresses() -> dict[str, str]:
    return {
        "sign_in_url": site_url(reverse("account_login")),
        "sign_up_url": site_url(reverse("account_signup")),
        "reset_url": site_url(reverse("account_reset_password")),
        "passkeys_url": site_url(reverse("mfa_index")),
    }


def mail_of(template_prefix: str, context: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """(folder, words) for one of allauth's mails. Misconfigured for one we have no words for."""
    words = _addresses()
    if template_prefix in CHANGES:
        return "staff_sign_in_changed", {
            **words,
            "change": CHANGES[template_prefix],
            "ip": str(context["ip"]),
        }
    if template_prefix not in MAILS:
        raise Misconfigured("mail_unknown", detail={"mail": template_prefix})
    words |= {name: str(context[name]) for name in ("code", "password_reset_url") if name in context}
    return MAILS[template_prefix], words


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {**DefaultAccountAdapter.error_messages, **REFUSALS}

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        template, words = mail_of(template_prefix, context)
        with transaction.atomic():
            send_staff_mail(template, address=email, context=words)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """A change is told to every confirmed address, and to one that was just taken off: whoever reads one mailbox does not
        keep it from the owner."""
        confirmed = EmailAddress.objects.filter(user_id=user.pk, verified=True).values_list(
            "email", flat=True
        )
        wanted = {*confirmed, email, (context or {}).get("deleted_email")} - {None}
        for address in sorted(wanted) or [None]:
            super().send_notification_mail(template_prefix, user, context, address)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """The same quarter of an hour as everywhere; allauth alone would ask a second after the sign-in."""
        return not signed_in_recently(self.request)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, str]]:
        """A passkey first where there is one, in our words."""
        found = {way["id"]: way for way in super().get_reauthentication_methods(user)}
        return [{**found[name], "description": _(words)} for name, words in WAYS.items() if name in found]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


@receiver(email_confirmed, dispatch_uid="console.count_the_code")
def count_the_code(request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """Whoever signs up has just proven their address: no second proof a page later, where the passkey is made.

    Only before anybody is signed in: in an open session a code to a new address proves that address, not its owner.
    """
    if not request.user.is_authenticated:
        record_authentication(request, email_address.user, method="code", email=email_address.email)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {**DefaultMFAAdapter.error_messages, **MFA_REFUSALS}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What the browser shows while it makes a passkey."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": "Readmit"}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """What a passkey is called when nobody says. Numbers go on, so that no two read alike after a removal."""
        found = Authenticator.objects.filter(user_id=user.pk, type=type).values_list("data", flat=True)
        taken = {data.get("name") for data in found}
        candidates = (_("Passkey %(number)d") % {"number": number} for number in range(1, len(taken) + 2))
        return next(name for name in candidates if name not in taken)

    def get_totp_issuer(self) -> str:
        return "Readmit"

    def build_totp_svg(self, url: str) -> str:
        picture = io.BytesIO()
        segno.make(url).save(picture, kind="svg", scale=5, dark="#000", light="#fff")
        return picture.getvalue().decode()

    def encrypt(self, text: str) -> str:
        """Secrets of authenticator apps and recovery codes rest sealed under the platform's key."""
        with no_scope():
            return base64.b64encode(seal(text.encode(), SECRETS)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        with no_scope():
            return unseal(base64.b64decode(encrypted_text), SECRETS).decode()
