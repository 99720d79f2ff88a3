"""Signed heads: in the database, and in a file beside it, so that a tail cut from both tables is still missed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.kit import clock
from portal.kit.scope import current_tenant_id
from tenants.audit.chain import BrokenChain, head_statement, sign_head, verify_head
from tenants.audit.models import AuditHead, AuditLink

EVERY = timedelta(hours=1)
EVERY_LINKS = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """A head whose signature held."""

    number: int
    chain_digest: bytes


def heads_file() -> Path:
    return Path(settings.DATA) / "audit-heads.log"


def is_due(tail: AuditLink | None, last: AuditHead | None) -> bool:
    if tail is None or (last is not None and last.number >= tail.number):
        return False
    return last is None or tail.number - last.number >= EVERY_LINKS or clock.now() - last.created_at >= EVERY


def sign_tail(*, even_if_recent: bool = False) -> AuditHead | None:
    """Sign the tail of the tenant in force, if that is due. None when there was nothing to sign."""
    tail = AuditLink.objects.order_by("-number").first()
    last = AuditHead.objects.order_by("-number").first()
    moved = tail is not None and (last is None or last.number < tail.number)
    if tail is None or not (is_due(tail, last) or (even_if_recent and moved)):
        return None
    moment = clock.now()
    statement = head_statement(tail.tenant_id, tail.number, bytes(tail.chain_digest), moment)
    signer, signature = sign_head(settings.AUDIT_KEY, statement)
    head, created = AuditHead.objects.get_or_create(
        number=tail.number,
        defaults={
            "created_at": moment,
            "chain_digest": bytes(tail.chain_digest),
            "signature": signature,
            "signer": signer,
        },
    )
    if created:
        transaction.on_commit(lambda: _append(head))
    return head


def _append(head: AuditHead) -> None:
    """One line for each head, written through to the disk. The folder may be on another machine's."""
    line = {
        "tenant": str(head.tenant_id),
        "number": head.number,
        "digest": bytes(head.chain_digest).hex(),
        "at": head.created_at.isoformat(),
        "signer": head.signer,
        "signature": bytes(head.signature).hex(),
    }
    path = heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    door = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(door, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        os.fsync(door)
    finally:
        os.close(door)


def _verified(
    tenant_id: UUID, number: int, digest: bytes, at: datetime, *, signer: str, signature: bytes
) -> Head:
    statement = head_statement(tenant_id, number, digest, at)
    verify_head(settings.AUDIT_KEY, signer=signer, signature=signature, statement=statement, number=number)
    return Head(number, digest)


def verified_heads() -> Iterator[Head]:
    """Every head of the tenant in force from the database. BrokenChain when one is not ours."""
    for row in AuditHead.objects.order_by("number").iterator():
        yield _verified(
            row.tenant_id,
            row.number,
            bytes(row.chain_digest),
            row.created_at,
            signer=row.signer,
            signature=bytes(row.signature),
        )


def verified_heads_on_file() -> Iterator[Head]:
    """Every head of the tenant in force from the file, if this machine has one."""
    tenant_id = current_tenant_id()
    wanted = f'"tenant":"{tenant_id}"'
    path = heads_file()
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for text in lines:
            if wanted in text:
                yield _head_on_file(tenant_id, text)


def _head_on_file(tenant_id: UUID, text: str) -> Head:
    try:
        line = json.loads(text)
        number, digest = int(line["number"]), bytes.fromhex(line["digest"])
        at, signature = datetime.fromisoformat(line["at"]), bytes.fromhex(line["signature"])
        signer = str(line["signer"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenChain("head_file_unreadable") from error
    return _verified(tenant_id, number, digest, at, signer=signer, signature=signature)
