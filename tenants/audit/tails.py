"""The last entry that was sealed, signed, in a file of its own beside the database.

Heads are kept for ever, so they are made every hour at most. This one is replaced at every sealing, and misses an entry
that was cut off a second later. A tail that the chain has lost is never replaced: it becomes a head that is kept.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.kit import clock
from tenants.audit.chain import BrokenChain, head_statement, sign_head
from tenants.audit.heads import Head, append_line, head_of_line, line_of, lines_of, tail_file
from tenants.audit.models import AuditLink


def note_tail(tenant_id: UUID, number: int, digest: bytes) -> None:
    """Write the new tail down once it is committed. In the sealing transaction, under its lock."""
    moment = clock.now()
    signer, signature = sign_head(settings.AUDIT_KEY, head_statement(tenant_id, number, digest, moment))
    line = line_of(tenant_id, number, digest, moment, signer=signer, signature=signature)
    path = tail_file(tenant_id)
    lost = [text for text in lines_of(path) if not _is_in_chain(tenant_id, text)]
    transaction.on_commit(lambda: _replace(path, line, lost))


def _is_in_chain(tenant_id: UUID, text: str) -> bool:
    try:
        head: Head = head_of_line(tenant_id, text)
    except BrokenChain:
        return False
    link = AuditLink.objects.filter(number=head.number).values_list("chain_digest", flat=True).first()
    return link is not None and bytes(link) == head.chain_digest


def _replace(path: Path, line: str, lost: list[str]) -> None:
    """Whole at any moment: a new file takes the place of the old one."""
    for text in lost:
        append_line(text.rstrip("\n"))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(line + "\n", encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)
