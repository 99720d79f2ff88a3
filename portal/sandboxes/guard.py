"""A sandbox that answered in production would take invoices for paid that nobody paid: it refuses to be there."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.management.base import SystemCheckError


@register(Tags.security)
def check_sandbox(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.IS_PRODUCTION:
        found.append(
            Error(
                "The Stripe sandbox pretends to take money and is refused in production.",
                hint="Do not start it; leave READMIT_STRIPE_API_BASE unset and set STRIPE_SECRET_KEY.",
                id="stripe_sandbox.E001",
            )
        )
    if not is_loopback(urlsplit(settings.STRIPE_SANDBOX_ORIGIN).hostname or ""):
        found.append(
            Error(
                "The Stripe sandbox may only be reached on this machine.",
                hint="Give READMIT_STRIPE_SANDBOX_ORIGIN a name under .localhost.",
                id="stripe_sandbox.E002",
            )
        )
    return found


def is_loopback(host: str) -> bool:
    """Whether a host's name can only mean this machine (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_to_serve() -> None:
    """For the process, which no management command checks."""
    errors = [str(found) for found in run_checks(tags=[Tags.security]) if found.is_serious()]
    if errors:
        raise SystemCheckError("\n".join(errors))
