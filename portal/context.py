"""What every page may ask for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """`organisation` (the tenant in force), `seat` (the member's place in it), `is_production`, `site_origin`."""
    return {
        "organisation": getattr(request, "tenant", None),
        "seat": getattr(request, "seat", None),
        "is_production": settings.IS_PRODUCTION,
        "site_origin": settings.SITE_ORIGIN,
    }
