"""Verifying the whole chain of one tenant.

What must hold, in this order:
1. Numbers run from 1 without a gap (a link was removed).
2. Each link has its event (an event was removed).
3. Each digest follows from the one before and its event (an event was changed, moved or exchanged).
4. Each head is signed by our key.
5. No head, in the database or on file, is beyond the tail (the tail was cut), each agrees with the chain (the chain was
   rewritten), and each of the file is in the database (a head was removed).
6. Every event has a numbered link or waits for one (an event was slipped in beside the chain).
7. Every personal half that is still kept is the one the chain holds the digest of (it was changed or exchanged).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from portal.kit import clock
from portal.kit.scope import tenant_scope
from tenants.audit.chain import START, BrokenChain, Covered, digest_of
from tenants.audit.heads import Head, verified_heads, verified_heads_on_file
from tenants.audit.models import AuditLink
from tenants.audit.personal import require_personal_halves

BATCH = 20_000
LINKS = """
SELECT l.number, encode(l.chain_digest, 'hex'), l.event_id::text, e.id::text,
       to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
       e.name, e.actor_kind, e.actor_id, e.subject, e.case_id::text, e.data::text, encode(e.personal_digest, 'hex')
  FROM audit_auditlink l
  LEFT JOIN audit_auditevent e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
 WHERE l.tenant_id = %s AND l.number > %s
 ORDER BY l.number LIMIT %s
"""
# One statement, one snapshot: the sealer removes what waits in the transaction that adds the link.
STRAYS = """
SELECT e.id FROM audit_auditevent e
 WHERE e.tenant_id = %s
   AND NOT EXISTS (SELECT 1 FROM audit_auditlink l WHERE l.tenant_id = e.tenant_id
                      AND l.event_id = e.id AND l.number > 0)
   AND NOT EXISTS (SELECT 1 FROM audit_auditpending p WHERE p.id = e.id AND p.tenant_id = e.tenant_id)
 LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class VerifiedChain:
    """A chain that holds up to `number`. `signed_number` is the last place a signed head vouches for."""

    tenant_id: UUID
    number: int
    chain_digest: bytes
    signed_number: int
    verified_at: datetime


def _batches(tenant_id: UUID, tail: int) -> Iterator[tuple[Any, ...]]:
    number = 0
    while number < tail:
        with connection.cursor() as cursor:
            cursor.execute(LINKS, [tenant_id, number, min(BATCH, tail - number)])
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        number = rows[-1][0]


def _walk(tenant_id: UUID, tail: int, heads: dict[int, set[bytes]]) -> str:
    """Rules 1, 2, 3 and the second half of 5. Returns the tail's digest in hexadecimal."""
    tenant, expected_number, previous = str(tenant_id), 0, START.hex()
    for number, chain_digest, event_id, found_id, *half, data, personal in _batches(tenant_id, tail):
        expected_number += 1
        if number != expected_number:  # 1
            raise BrokenChain("link_removed", expected_number)
        if found_id is None:  # 2
            raise BrokenChain("event_removed", number, event_id=UUID(event_id))
        previous = digest_of(
            previous, tenant, number, Covered._make((found_id, *half, json.loads(data), personal))
        )
        if previous != chain_digest:  # 3
            raise BrokenChain("event_changed", number, event_id=UUID(event_id))
        if number in heads and heads[number] != {bytes.fromhex(chain_digest)}:  # 5
            raise BrokenChain("chain_rewritten", number)
    if expected_number != tail:  # 1
        raise BrokenChain("link_removed", expected_number + 1)
    return previous


def _require_no_strays(tenant_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STRAYS, [tenant_id])
        row = cursor.fetchone()
    if row is not None:
        raise BrokenChain("event_added", event_id=row[0])


def _heads_by_number(found: Iterable[Head]) -> dict[int, set[bytes]]:
    heads: dict[int, set[bytes]] = {}
    for head in found:
        heads.setdefault(head.number, set()).add(head.chain_digest)
    return heads


def verify_chain(tenant_id: UUID) -> VerifiedChain:
    """Walk the chain of one tenant. BrokenChain says what is wrong and where."""
    with tenant_scope(tenant_id):
        # Heads first: what is sealed meanwhile only lengthens the chain behind them.
        kept, on_file = list(verified_heads()), list(verified_heads_on_file())  # 4
        heads = _heads_by_number([*kept, *on_file])
        last = AuditLink.objects.order_by("-number").values_list("number", flat=True).first()
        tail, signed = last or 0, max(heads, default=0)
        digest = _walk(tenant_id, tail, heads)
        if signed > tail:  # 5
            raise BrokenChain("tail_cut", tail + 1)
        gone = {head.number for head in on_file if not head.is_tail} - {head.number for head in kept}
        if gone:  # 5
            raise BrokenChain("head_removed", min(gone))
        _require_no_strays(tenant_id)  # 6
        require_personal_halves()  # 7
    return VerifiedChain(tenant_id, tail, bytes.fromhex(digest), signed, clock.now())
