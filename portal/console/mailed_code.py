"""A code by mail: whoever types it, in the browser that asked for it, reads that mailbox.

Protects what a link opens from whoever the link was forwarded to. Codes asked for and codes typed are counted for the link, before
anything is compared (STYLE 19). What it does not do: say what a right code opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import clean_code, keyed_digest, numeric_code, same
from portal.kit.errors import Invalid
from portal.kit.limits import Limit, take
from tenants.notices.services import send_staff_mail

SECONDS = 600


def masked(email: str) -> str:
    """`a…@example.org`: whoever was forwarded the link does not learn the address from it."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


@dataclass(frozen=True, slots=True)
class MailedCode:
    """`key` is its place in the session, `template` the mail's folder; `about` is what a code opens, in so many words."""

    key: str
    template: str
    sent: Limit
    tried: Limit

    def send(
        self, request: HttpRequest, about: str, *, address: str, context: Mapping[str, str] | None = None
    ) -> None:
        """A new code, good for ten minutes in this browser alone; the one before counts no more."""
        take(self.sent, about)
        code = numeric_code()
        request.session[self.key] = {
            "about": about,
            "digest": keyed_digest(code, context=about).hex(),
            "until": clock.now().timestamp() + SECONDS,
        }
        with transaction.atomic():
            send_staff_mail(self.template, address=address, context={**(context or {}), "code": code})

    def check(self, request: HttpRequest, about: str, typed: str) -> None:
        """Count the try, then compare, then spend the code. Invalid when it is wrong or too old."""
        take(self.tried, about)
        held = request.session.get(self.key) or {}
        fresh = held.get("about") == about and held.get("until", 0) > clock.now().timestamp()
        given = keyed_digest(clean_code(typed), context=about)
        if not fresh or not same(given, bytes.fromhex(held["digest"])):
            sentence = _("This code is wrong or too old. Check the newest mail, or ask for a new code.")
            raise Invalid(f"{self.key}_wrong", sentence, field="code")
        request.session.pop(self.key)
