"""What every page of the house partner may ask for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    return {"partner": {"name": settings.HOUSE_NAME}, "is_production": settings.IS_PRODUCTION}
