"""Tries, counted and committed before anything is judged, and one piece of work at a time for each check."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import F, Q
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Refused
from portal.kit.scope import require_no_transaction
from vendors.house.judging.document import MAX_DOCUMENTS, MAX_PHOTOGRAPHS
from vendors.house.judging.face import MAX_FACES
from vendors.house.models import Check
from vendors.house.stages import Stage

log = logging.getLogger("readmit.house")

# Whoever waits sees "Checking" as long as this lasts: it is renewed by the process that judges, so that a process that
# was killed keeps nobody waiting.
LEASE = timedelta(seconds=30)
RENEW_SECONDS = 8.0
LONGEST_SECONDS = 120.0


def begin_photographs(check_id: UUID, browser_digest: bytes) -> None:
    """Counts the photographs and takes the check for this request. Refused if it is not the time for it."""
    require_no_transaction()
    taken = _free(check_id, browser_digest, Stage.DOCUMENT).filter(
        photograph_tries__lt=MAX_PHOTOGRAPHS, document_tries__lt=MAX_DOCUMENTS
    )
    if not taken.update(
        photograph_tries=F("photograph_tries") + 1,
        working_until=clock.now() + LEASE,
        progress="reading",
        notice="",
    ):
        raise not_now()


def count_document(check_id: UUID) -> int:
    """The photographs are good enough to be judged: that is one document. Returns its number."""
    require_no_transaction()
    Check.objects.filter(id=check_id).update(document_tries=F("document_tries") + 1, progress="judging")
    return Check.objects.values_list("document_tries", flat=True).get(id=check_id)


def begin_face(check_id: UUID, browser_digest: bytes) -> dict[str, Any]:
    """Takes the challenge out of the row, so that it is answered once, and counts the try."""
    require_no_transaction()
    free = _free(check_id, browser_digest, Stage.FACE).filter(face_tries__lt=MAX_FACES)
    challenge: dict[str, Any] | None = free.values_list("challenge", flat=True).first()
    if challenge is None:
        raise not_now()
    if not free.filter(challenge__nonce=challenge["nonce"]).update(
        challenge=None,
        face_tries=F("face_tries") + 1,
        working_until=clock.now() + LEASE,
        progress="liveness",
        notice="",
    ):
        raise not_now()
    return challenge


@contextmanager
def under_way(check_id: UUID) -> Iterator[None]:
    """While the block judges what was taken: nobody else takes the check, for as long as work may last."""
    is_over = threading.Event()
    thread = threading.Thread(target=_renew, args=(check_id, is_over), name="house-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(check_id: UUID, is_over: threading.Event) -> None:
    until = time.monotonic() + LONGEST_SECONDS - LEASE.total_seconds()
    while not is_over.wait(RENEW_SECONDS) and time.monotonic() < until:
        try:
            renew(check_id)
        except DatabaseError:
            log.exception("house.lease_not_renewed")
        finally:
            connection.close()


def renew(check_id: UUID) -> None:
    """Of work that has ended, or whose time is over, nothing is renewed."""
    now = clock.now()
    Check.objects.filter(id=check_id, working_until__gt=now).update(working_until=now + LEASE)


def show_progress(check_id: UUID, progress: str) -> None:
    Check.objects.filter(id=check_id).update(progress=progress)


def end_work(check_id: UUID, *, notice: str = "") -> None:
    Check.objects.filter(id=check_id).update(working_until=None, progress="", notice=notice)


def give_back_photographs(check_id: UUID) -> None:
    """Our side could not judge: that never counts against the person."""
    Check.objects.filter(id=check_id, photograph_tries__gt=0).update(
        photograph_tries=F("photograph_tries") - 1, working_until=None, progress=""
    )


def give_back_face(check_id: UUID, challenge: dict[str, Any]) -> None:
    Check.objects.filter(id=check_id, stage=Stage.FACE, face_tries__gt=0).update(
        face_tries=F("face_tries") - 1, working_until=None, progress="", challenge=challenge
    )


def _free(check_id: UUID, browser_digest: bytes, stage: Stage) -> Any:
    now = clock.now()
    return Check.objects.filter(
        Q(working_until=None) | Q(working_until__lte=now),
        id=check_id,
        browser_digest=browser_digest,
        stage=stage,
        expires_at__gt=now,
    )


def not_now() -> Refused:
    return Refused(
        "not_now", _("This step is over or already under way. Reload the page to see where you are.")
    )
