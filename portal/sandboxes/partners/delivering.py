"""Webhooks on their way: to this machine only, each event tried until somebody takes it. They rest in memory."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from portal.sandboxes.guard import is_loopback
from portal.sandboxes.partners.world import WORLD, has

log = logging.getLogger("readmit.sandbox.partner.webhook")
PATIENCE = urllib3.Timeout(connect=3, read=15)
RETRIES = (1.0, 5.0, 30.0)
STALE_SECONDS = 3_600
COPIES = 5


@dataclass(frozen=True)
class Event:
    """`sign` gives the headers of a body that is signed at a time, with another secret where that is the point."""

    body: bytes
    sign: Callable[[bytes, int, bool], dict[str, str]]
    tries: int = 0


_queue: list[tuple[float, int, Event]] = []
_order = itertools.count()
_ready = threading.Condition()


def tell(body: bytes, sign: Callable[[bytes, int, bool], dict[str, str]]) -> None:
    """Send an event as soon as may be, as often as the faults say."""
    if has("webhook_never") or not WORLD.webhook_url:
        return
    for _ in range(COPIES if has("webhook_replayed") else 1):
        _put(Event(body, sign), time.time())


def _put(event: Event, due: float) -> None:
    with _ready:
        number = next(_order)
        heapq.heappush(_queue, (due, -number if has("webhook_reversed") else number, event))
        _ready.notify()


def start_background() -> None:
    threading.Thread(target=_repeat, name="webhooks", daemon=True).start()


def _repeat() -> None:
    while True:
        event = _next()
        try:
            _deliver(event)
        except Exception:
            log.exception("delivering failed")


def _next() -> Event:
    with _ready:
        while True:
            wait = _queue[0][0] - time.time() if _queue else None
            if wait is not None and wait <= 0:
                return heapq.heappop(_queue)[2]
            _ready.wait(wait)


def _deliver(event: Event) -> None:
    signed_at = int(time.time()) - (STALE_SECONDS if has("webhook_stale") else 0)
    headers = event.sign(event.body, signed_at, has("webhook_wrong_signature"))
    body = event.body.replace(b"livemode", b"liveMode", 1) if has("webhook_altered") else event.body
    if has("webhook_altered") and body == event.body:
        body += b" "
    status = _post(WORLD.webhook_url, body, headers)
    log.info("webhook: %s", status)
    if not 200 <= status < 300 and event.tries < len(RETRIES):
        _put(Event(event.body, event.sign, event.tries + 1), time.time() + RETRIES[event.tries])


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer; 0 when nobody answered. Names under .localhost are loopback (RFC 6761)."""
    parts = urlsplit(url)
    if not is_loopback(parts.hostname or "") or parts.scheme != "http":
        log.warning("a simulator sends nothing to %s", parts.hostname)
        return 0
    sent = {**headers, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "Simulator"}
    with urllib3.HTTPConnectionPool("127.0.0.1", parts.port or 80, timeout=PATIENCE, retries=False) as pool:
        try:
            return int(pool.request("POST", parts.path, body=body, headers=sent, redirect=False).status)
        except urllib3.exceptions.HTTPError:
            return 0
