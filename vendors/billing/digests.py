"""The digest of many entries: what one event of the audit log holds of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

# Everything that decides an amount: two lists of entries that differ in it have different digests.
DIGESTED = ("idempotency_key", "meter", "vendor", "quantity", "amount", "currency", "occurred_at", "case_id")


def digest_of(rows: Iterable[tuple[Any, ...]]) -> str:
    """Of rows with the columns `DIGESTED`, in whatever order they come."""
    said = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row[0]):
        *words, moment, case_id = row
        text = "\0".join(map(str, words))
        said.update(f"{text}\0{moment.isoformat()}\0{case_id}\n".encode())
    return said.hexdigest()
