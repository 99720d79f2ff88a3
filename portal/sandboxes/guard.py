"""A sandbox that answered in production would be believed: each refuses to be there, and to be reached from elsewhere."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.management.base import SystemCheckError


def guard(label: str, *, pretends: str, unset: str, origin_variable: str) -> None:
    """Register the checks of one sandbox. `pretends` says what would be wrong in production, `unset` how to stop it."""

    def check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
        found: list[CheckMessage] = []
        if settings.IS_PRODUCTION:
            found.append(Error(f"{pretends} and is refused in production.", hint=unset, id=f"{label}.E001"))
        if not is_loopback(urlsplit(settings.SANDBOX_ORIGIN).hostname or ""):
            found.append(
                Error(
                    "A sandbox may only be reached on this machine.",
                    hint=f"Give {origin_variable} a name under .localhost.",
                    id=f"{label}.E002",
                )
            )
        return found

    register(check, Tags.security)


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
