"""Is it up? `/healthz` says this process answers, `/readyz` that everything does, and names what does not."""

from __future__ import annotations

from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.kit import clock
from portal.registry import HEARTBEATS
from tenants.models import Heartbeat


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def _answers(origin: str, path: str, host: str = "") -> bool:
    parts = urlsplit(origin)
    address = "127.0.0.1" if (parts.hostname or "").endswith("localhost") else parts.hostname or ""
    door = HTTPConnection(address, parts.port or 80, timeout=2)
    try:
        door.request("GET", path, headers={"Host": host or parts.netloc})
        return door.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        door.close()


def _missing() -> list[str]:
    missing = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        fresh = set(
            Heartbeat.objects.filter(beat_at__gte=clock.now() - timedelta(seconds=15)).values_list(
                "name", flat=True
            )
        )
        missing += [name for name in HEARTBEATS if name not in fresh]
    except DatabaseError:
        return ["database"]
    if not (settings.VISION_URL and _answers(settings.VISION_URL, "/healthz")):
        missing.append("vision")
    if not settings.IS_PRODUCTION and not _answers(settings.HOUSE_ORIGIN, "/healthz"):
        missing.append("house partner")
    return missing


def ready(request: HttpRequest) -> HttpResponse:
    missing = _missing()
    return JsonResponse({"ready": not missing, "waiting_for": missing}, status=503 if missing else 200)
