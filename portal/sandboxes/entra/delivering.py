"""Callbacks on their way: to this machine only, with the headers the request named, tried again until somebody takes
them. Work rests in the database, so a restart goes on where the last run stopped."""

from __future__ import annotations

import logging
import threading
import time
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.db import close_old_connections

from portal.sandboxes.entra.models import Delivery

log = logging.getLogger("readmit.sandbox.entra.callback")
LOOK_SECONDS = 0.1
PATIENCE = urllib3.Timeout(connect=3, read=15)
AT_ONCE = 20


def start_background() -> None:
    threading.Thread(target=_repeat, name="callbacks", daemon=True).start()


def _repeat() -> None:
    while True:
        try:
            close_old_connections()
            done = deliver_due()
        except Exception:
            log.exception("delivering failed")
            done = 0
        if not done:
            time.sleep(LOOK_SECONDS)


def deliver_due() -> int:
    """Try every callback whose time has come, in their order; how many there were."""
    due = Delivery.objects.filter(next_at__lte=time.time()).select_related("asked").order_by("id")
    found = list(due[:AT_ONCE])
    for delivery in found:
        _deliver(delivery)
    return len(found)


def _deliver(delivery: Delivery) -> None:
    callback = delivery.asked.wanted["callback"]
    delivery.last_status = _post(callback["url"], delivery.body, callback.get("headers", {}))
    delivery.attempts += 1
    taken = 200 <= delivery.last_status < 300
    tries = settings.ENTRA_SIMULATOR_RETRIES
    is_last = taken or delivery.attempts > len(tries)
    delivery.next_at = None if is_last else time.time() + tries[delivery.attempts - 1]
    delivery.save(update_fields=["last_status", "attempts", "next_at"])
    log.info("%s of %s: %s", delivery.asked.kind, delivery.asked_id, delivery.last_status)


def _post(url: str, body: str, headers: dict[str, str]) -> int:
    """The status of the answer; 0 when nobody answered. Names under .localhost are loopback (RFC 6761)."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    kind = urllib3.HTTPSConnectionPool if parts.scheme == "https" else urllib3.HTTPConnectionPool
    sent = {
        **headers,
        "Host": parts.netloc,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Entra simulator of Readmit",
    }
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    with kind("127.0.0.1", port, timeout=PATIENCE, retries=False) as pool:
        try:
            answer = pool.request("POST", target, body=body.encode(), headers=sent, redirect=False)
        except urllib3.exceptions.HTTPError:
            return 0
        return int(answer.status)
