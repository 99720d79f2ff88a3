"""Signed heads: in the database, and in files beside it, so that a tail cut from both tables is still missed."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """A head whose signature held. One of the tail is on file only, and gives way to the next."""

    number: int
    chain_digest: bytes
    is_tail: bool = False


def heads_file() -> Path:
    return Path(settings.DATA) / "audit-heads.log"


def tails_folder() -> Path:
    return Path(settings.DATA) / "audit-tails"


def tail_file(tenant_id: UUID) -> Path:
    """One signed head for each tenant, of the last entry this machine sealed (tenants.audit.tails)."""
    return tails_folder() / f"{tenant_id}.json"


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
    append_line(
        line_of(
            head.tenant_id,
            head.number,
            bytes(head.chain_digest),
            head.created_at,
            signer=head.signer,
            signature=bytes(head.signature),
        )
    )


def line_of(
    tenant_id: UUID, number: int, digest: bytes, at: datetime, *, signer: str, signature: bytes
) -> str:
    """A head as files hold it: JSON without a space."""
    line = {
        "tenant": str(tenant_id),
        "number": number,
        "digest": digest.hex(),
        "at": at.isoformat(),
        "signer": signer,
        "signature": signature.hex(),
    }
    return json.dumps(line, separators=(",", ":"))


def append_line(line: str) -> None:
    path = heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    door = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(door, line.encode() + b"\n")
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
    """Every head of the tenant in force from the files, if this machine has them."""
    tenant_id = current_tenant_id()
    wanted = f'"tenant":"{tenant_id}"'
    for path in (heads_file(), tail_file(tenant_id)):
        for text in lines_of(path):
            if wanted in text:
                yield replace(head_of_line(tenant_id, text), is_tail=path != heads_file())


def lines_of(path: Path) -> Iterator[str]:
    """Of a file that may not be there. Bytes that are no text make a line that is no head."""
    with contextlib.suppress(FileNotFoundError), path.open(encoding="utf-8", errors="replace") as lines:
        yield from lines


def head_of_line(tenant_id: UUID, text: str) -> Head:
    """BrokenChain when it is none, or not signed by us."""
    try:
        line = json.loads(text)
        number, digest = int(line["number"]), bytes.fromhex(line["digest"])
        at, signature = datetime.fromisoformat(line["at"]), bytes.fromhex(line["signature"])
        signer = str(line["signer"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenChain("head_file_unreadable") from error
    return _verified(tenant_id, number, digest, at, signer=signer, signature=signature)


def tenants_on_file() -> dict[UUID, int]:
    """Of every tenant that the files know, the last number they tell."""
    found: dict[UUID, int] = {}
    for path in (heads_file(), *sorted(tails_folder().glob("*.json"))):
        for text in lines_of(path):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                line = json.loads(text)
                tenant_id = UUID(line["tenant"])
                found[tenant_id] = max(int(line["number"]), found.get(tenant_id, 0))
    return found
