"""System checks that refuse to serve with a dangerous setting (STYLE 23)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from vendors.house.models import Client


@register(Tags.security)
def check_house(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.VISION_URL or not settings.VISION_TOKEN:
        found.append(
            Error(
                "The house partner has no vision process.",
                hint="Set READMIT_VISION_URL and READMIT_VISION_TOKEN.",
                id="house.E001",
            )
        )
    if settings.IS_PRODUCTION and not settings.HTTPS:
        found.append(Error("Production needs an https HOUSE_ORIGIN.", id="house.E002"))
    if settings.IS_PRODUCTION and 0 < len(settings.REGISTRATION_TOKEN) < 32:
        found.append(
            Error(
                "The initial access token for registrations is too short.",
                hint="Use at least 32 characters, or leave it empty to register nobody.",
                id="house.E003",
            )
        )
    return found


@register(Tags.database)
def check_demonstration_clients(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Specimens count for demonstration clients: none may be left where real people are checked."""
    if not settings.IS_PRODUCTION or "default" not in (databases or []):
        return []
    table = Client._meta.db_table
    if table not in connections["default"].introspection.table_names():
        return []
    if not Client.objects.filter(demonstration=True, disabled_at=None).exists():
        return []
    return [
        Error(
            "A demonstration client is registered, and production refuses those.",
            hint="Disable it: `python -m django disable_demonstration_clients`.",
            id="house.E004",
        )
    ]
