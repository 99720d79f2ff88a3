"""What the simulator does not do on demand: so many calls are put off, left hanging or refused, as a busy service, one with an
outage, or an application whose secret has expired would have it. The API and signing in each have troubles of their own."""

from __future__ import annotations

import time
from collections.abc import Collection

from django.db.models import F

from portal.sandboxes.entra.api.errors import ApiError
from portal.sandboxes.entra.models import Trouble

THROTTLED, OUTAGE, HANGING = "throttled", "outage", "hanging"
SIGN_IN_BUSY, SIGN_IN_AWAY, SIGN_IN_SLOW, SECRET_OLD = (
    "sign_in_busy",
    "sign_in_away",
    "sign_in_slow",
    "secret_old",
)
KINDS = {
    THROTTLED: "The API: too many requests (429, with Retry-After)",
    OUTAGE: "The API: outage (503)",
    HANGING: "The API: answers too late, when the request is made",
    SIGN_IN_BUSY: "Signing in: too many requests (429, with Retry-After)",
    SIGN_IN_AWAY: "Signing in: outage (503)",
    SIGN_IN_SLOW: "Signing in: answers too late",
    SECRET_OLD: "Signing in: the secret has expired (AADSTS7000222)",
}
SIGN_IN = frozenset({SIGN_IN_BUSY, SIGN_IN_AWAY, SIGN_IN_SLOW, SECRET_OLD})
MOST = 50
# A call that hangs holds one of the simulator's threads.
LONGEST_HANG = 60


def put_off(kind: str, *, times: int, seconds: int) -> None:
    """From now on, in place of what was there before. None at all ends it. `seconds`: what Retry-After says, or how long a call
    hangs."""
    Trouble.objects.all().delete()
    if times:
        Trouble.objects.create(kind=kind, left=min(times, MOST), seconds=seconds)


def trouble() -> Trouble | None:
    return Trouble.objects.filter(left__gt=0).first()


def met(kinds: Collection[str]) -> Trouble | None:
    """The trouble that this call is in, if it is one of these; counted."""
    found = trouble()
    if found is None or found.kind not in kinds:
        return None
    return found if Trouble.objects.filter(id=found.id, left__gt=0).update(left=F("left") - 1) else None


def hang(found: Trouble) -> None:
    time.sleep(min(found.seconds, LONGEST_HANG))


def require_none() -> None:
    """For the API: ApiError for a call that is to be put off, whoever makes it; that request is not made. One that hangs is."""
    found = met({THROTTLED, OUTAGE, HANGING})
    if found is None:
        return
    if found.kind == HANGING:
        hang(found)
        return
    if found.kind == THROTTLED:
        headers = {"Retry-After": str(found.seconds)}
        raise ApiError(429, "transientError", "Too many requests. Try again later.", headers=headers)
    raise ApiError(503, "transientError", "The service is temporarily unavailable.")
