"""A simulator that answered in production would take faces for matched that nobody compared: it refuses to be there."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.management.base import SystemCheckError


@register(Tags.security)
def check_simulator(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.IS_PRODUCTION:
        found.append(
            Error(
                "The Entra simulator pretends to compare faces and is refused in production.",
                hint="Do not start it, and leave READMIT_ENTRA_SIMULATOR_ORIGIN unset.",
                id="entra_simulator.E001",
            )
        )
    if not is_loopback(urlsplit(settings.ENTRA_SIMULATOR_ORIGIN).hostname or ""):
        found.append(
            Error(
                "The Entra simulator may only be reached on this machine.",
                hint="Give READMIT_ENTRA_SIMULATOR_ORIGIN a name under .localhost.",
                id="entra_simulator.E002",
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
