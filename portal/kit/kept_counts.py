"""Numbers about very many rows, kept for a while once they turn out to take long.

Counting a few thousand people takes nothing and is done each time; counting a million takes seconds, and whoever opens the
overview waits for none of it. A number that took long is kept for ten minutes for every reader, with the moment it was counted
at, which pages say. What is decided from a number (whom a mail goes to) counts anew.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache

from portal.kit import clock
from portal.kit.scope import current_tenant_id

LIFE = timedelta(minutes=10)
MOST_KNOWN = 10_000
# Which numbers took long, in this process: the others are never looked for, and cost no query more than before.
_slow: OrderedDict[str, None] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Kept:
    """What was counted. `at` is None for a number of this moment."""

    value: Any
    at: datetime | None = None


def kept_count(name: str, count: Callable[[], Any]) -> Kept:
    """The number of the organisation in scope; `name` says of what, whole: numbers that differ in anything have other names.
    `count` returns what JSON can hold: numbers, texts, lists, dicts with texts as keys."""
    key = f"count|{current_tenant_id()}|{hashlib.sha256(name.encode()).hexdigest()[:40]}"
    if key in _slow:
        found = cache.get(key)
        if found is not None:
            return Kept(found["value"], datetime.fromisoformat(found["at"]))
    began = time.monotonic()
    value = count()
    if time.monotonic() - began < settings.KEEP_COUNTS_AFTER:
        _slow.pop(key, None)
        return Kept(value)
    _slow[key] = None
    if len(_slow) > MOST_KNOWN:
        _slow.popitem(last=False)
    cache.set(key, {"value": value, "at": clock.now().isoformat()}, LIFE.total_seconds())
    return Kept(value)
