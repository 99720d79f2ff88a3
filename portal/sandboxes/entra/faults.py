"""What the simulator does not do on demand: so many calls of the API are put off, as a busy service or one with an outage does."""

from __future__ import annotations

from django.db.models import F

from portal.sandboxes.entra.api.errors import ApiError
from portal.sandboxes.entra.models import Trouble

THROTTLED, OUTAGE = "throttled", "outage"
KINDS = {
    THROTTLED: "Too many requests (429, with Retry-After)",
    OUTAGE: "Outage (503)",
}
MOST = 50


def put_off(kind: str, *, times: int, seconds: int) -> None:
    """From now on, in place of what was there before. None at all ends it."""
    Trouble.objects.all().delete()
    if times:
        Trouble.objects.create(kind=kind, left=min(times, MOST), seconds=seconds)


def trouble() -> Trouble | None:
    return Trouble.objects.filter(left__gt=0).first()


def require_none() -> None:
    """ApiError for one of the calls that are to be put off, whoever makes it. The request is not made."""
    found = trouble()
    if found is None or not Trouble.objects.filter(id=found.id, left__gt=0).update(left=F("left") - 1):
        return
    if found.kind == THROTTLED:
        headers = {"Retry-After": str(found.seconds)}
        raise ApiError(429, "transientError", "Too many requests. Try again later.", headers=headers)
    raise ApiError(503, "transientError", "The service is temporarily unavailable.")
