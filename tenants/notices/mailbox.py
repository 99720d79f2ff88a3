"""A mailbox on this machine, for trying the product. It pretends: nothing leaves, and production refuses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from portal.kit.ids import uuid7
from portal.kit.scope import no_scope
from portal.kit.sealed import Context, unseal
from portal.kit.sealed import seal as seal_value
from tenants.notices.models import LocalMessage

BACKEND = "tenants.notices.mailbox.LocalMailboxBackend"


@dataclass(frozen=True, slots=True)
class Message:
    id: UUID
    public_id: str
    received_at: datetime
    to: str
    subject: str
    text: str
    html: str


def _context(row_id: UUID) -> Context:
    return Context("notices_localmessage", "sealed", row_id)


class LocalMailboxBackend(BaseEmailBackend):
    """Django's mail backend that keeps each mail, sealed, for the page at `/mailbox`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if settings.IS_PRODUCTION:
            raise ImproperlyConfigured("The local mailbox is refused in production.")
        for mail in email_messages:
            _keep(mail)
        return len(email_messages)


def _html(mail: EmailMessage) -> str:
    alternatives: list[Any] = getattr(mail, "alternatives", [])
    return next((str(entry[0]) for entry in alternatives if entry[1] == "text/html"), "")


def _keep(mail: EmailMessage) -> None:
    row_id = uuid7()
    body = {"to": ", ".join(mail.to), "subject": mail.subject, "text": mail.body, "html": _html(mail)}
    with no_scope():
        sealed = seal_value(json.dumps(body).encode(), _context(row_id))
    LocalMessage.objects.create(id=row_id, sealed=sealed)


def _message(row: LocalMessage) -> Message:
    with no_scope():
        body = json.loads(unseal(row.sealed, _context(row.id)))
    return Message(id=row.id, public_id=row.public_id, received_at=row.created_at, **body)


def messages(to: str = "", limit: int = 50) -> list[Message]:
    """The newest messages, to one address or to all."""
    rows = LocalMessage.objects.order_by("-created_at")[: 400 if to else limit]
    found = (_message(row) for row in rows)
    return [message for message in found if not to or to.lower() in message.to.lower()][:limit]


def message(row_id: UUID) -> Message | None:
    row = LocalMessage.objects.filter(id=row_id).first()
    return _message(row) if row else None
