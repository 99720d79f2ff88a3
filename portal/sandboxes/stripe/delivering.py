"""Webhooks on their way: signed, sent to this machine only, tried again until somebody says 2xx.

A second thread lets time pass for what lives in real time. Both keep their work in the database, so a restart goes on
where the last run stopped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.db import close_old_connections, transaction

from portal.sandboxes.stripe.api.parameters import real_now
from portal.sandboxes.stripe.models import Delivery, IdempotentRequest, Record
from portal.sandboxes.stripe.objects import advancing

log = logging.getLogger("readmit.sandbox.stripe.webhook")
LOOK_SECONDS = 0.1
TIME_SECONDS = 2.0
PATIENCE = urllib3.Timeout(connect=3, read=15)
AT_ONCE = 20


def start_background() -> None:
    """Take up what the last run left, then go on until the process ends."""
    # Whatever was in progress is not any more: its changes were taken back with it.
    IdempotentRequest.objects.filter(status=None).delete()
    for act, pause in ((deliver_due, LOOK_SECONDS), (let_time_pass, TIME_SECONDS)):
        threading.Thread(target=_repeat, args=(act, pause), name=act.__name__, daemon=True).start()


def _repeat(act: Callable[[], int], pause: float) -> None:
    while True:
        try:
            close_old_connections()
            done = act()
        except Exception:
            log.exception("%s failed", act.__name__)
            done = 0
        if not done:
            time.sleep(pause)


def let_time_pass() -> int:
    """What is due in real time; how much that was."""
    if not Record.objects.filter(clock="", due_at__lte=real_now(), deleted=False).exists():
        return 0
    with transaction.atomic():
        return advancing.run_real_time(real_now())


def deliver_due() -> int:
    """Try every delivery whose time has come; how many there were."""
    due = list(Delivery.objects.filter(next_at__lte=time.time()).order_by("next_at", "id")[:AT_ONCE])
    for delivery in due:
        _deliver(delivery)
    return len(due)


def _deliver(delivery: Delivery) -> None:
    event = Record.objects.filter(id=delivery.event).first()
    endpoint = Record.objects.filter(id=delivery.endpoint).first()
    if event is None or endpoint is None or endpoint.data["status"] != "enabled":
        delivery.next_at = None
        delivery.save(update_fields=["next_at"])
        return
    body = json.dumps(event.data, indent=2)
    delivery.last_status = _post(endpoint.data["url"], body, endpoint.data["_secret"])
    delivery.attempts += 1
    delivery.delivered_at, delivery.next_at = _next(delivery)
    delivery.save(update_fields=["last_status", "attempts", "delivered_at", "next_at"])
    log.info("%s to %s: %s", event.data["type"], delivery.endpoint, delivery.last_status)


def _next(delivery: Delivery) -> tuple[float | None, float | None]:
    """When it was taken, and when it is tried again."""
    if 200 <= (delivery.last_status or 0) < 300:
        return time.time(), None
    if delivery.attempts > len(settings.STRIPE_SANDBOX_RETRIES):
        return None, None
    return None, time.time() + settings.STRIPE_SANDBOX_RETRIES[delivery.attempts - 1]


def signature(body: str, secret: str, at: int) -> str:
    """`Stripe-Signature`: the moment, and the HMAC over the moment and the body."""
    signed = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def _post(url: str, body: str, secret: str) -> int:
    """The status of the answer; 0 when nobody answered. Names under .localhost are loopback (RFC 6761)."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    kind = urllib3.HTTPSConnectionPool if parts.scheme == "https" else urllib3.HTTPConnectionPool
    with kind("127.0.0.1", port, timeout=PATIENCE, retries=False) as pool:
        try:
            answer = pool.request(
                "POST",
                f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}",
                body=body.encode(),
                headers={
                    "Host": parts.netloc,
                    "Content-Type": "application/json; charset=utf-8",
                    "Stripe-Signature": signature(body, secret, real_now()),
                    "User-Agent": "Stripe/1.0 (sandbox of Readmit)",
                },
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return 0
        return answer.status
