"""Destroys what is over: once a minute in a thread of the web process, one process at a time.

Reading never depends on it (each use looks at the clock as well); it makes sure that what nobody asks for goes too.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, connection, connections, transaction

from portal.kit import clock
from vendors.house.models import (
    RECORD_LIFETIME,
    AuthorizationCode,
    Check,
    LimitCount,
    Portrait,
    PushedRequest,
    SigningKey,
)
from vendors.house.services.checks import expire_check
from vendors.house.services.keys import PUBLISHED_AFTER_RETIRING
from vendors.house.stages import Stage

EVERY_SECONDS = 60.0
_LOCK = 4_206_904_073
_stopped = threading.Event()
log = logging.getLogger("readmit.house.purging")


def purge() -> int:
    """Everything that is over, now. Returns how many portraits were destroyed."""
    now = clock.now()
    destroyed = Portrait.objects.filter(destroyed_at=None, expires_at__lte=now).update(
        data_key=None, sealed=None, token_digest=None, destroyed_at=now
    )
    over = Check.objects.filter(expires_at__lte=now).exclude(stage__in=(Stage.EXPIRED, Stage.HANDED_OVER))
    for check_id in list(over.values_list("id", flat=True)[:500]):
        expire_check(check_id)
    an_hour_ago = now - timedelta(hours=1)
    AuthorizationCode.objects.filter(expires_at__lte=an_hour_ago).delete()
    PushedRequest.objects.filter(expires_at__lte=an_hour_ago).delete()
    LimitCount.objects.filter(window_ends_at__lte=now).delete()
    SigningKey.objects.filter(retired_at__lte=now - PUBLISHED_AFTER_RETIRING).delete()
    Check.objects.filter(expires_at__lte=now - RECORD_LIFETIME).delete()
    return destroyed


def purge_alone() -> None:
    """`purge`, unless another process is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row = cursor.fetchone()
        if row and row[0]:
            purge()


def start_purging() -> threading.Thread:
    thread = threading.Thread(target=_keep_purging, name="purging", daemon=True)
    thread.start()
    return thread


def _keep_purging() -> None:
    while not _stopped.wait(EVERY_SECONDS):
        try:
            purge_alone()
        except DatabaseError as error:
            log.warning("purge_failed %s", type(error).__name__)
        finally:
            connections.close_all()
