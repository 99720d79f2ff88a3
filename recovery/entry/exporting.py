"""Which mails a person was sent to get in, for whoever asks for their own data (GDPR, article 15)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from recovery.entry.models import Invitation, NoReminders

MOST = 1_000


def mails_of(person_id: UUID) -> dict[str, Any]:
    """The newest first, and when they asked for no more reminders. In the tenant's scope; two statements. Of the link and the
    address there are digests only, which tell nobody anything."""
    sent = Invitation.objects.filter(person_id=person_id).order_by("-created_at", "-id")[:MOST]
    declined = NoReminders.objects.filter(person_id=person_id).first()
    return {
        "invitations": [
            {
                "kind": one.kind,
                "sent_at": one.created_at.isoformat(),
                "good_until": one.expires_at.isoformat(),
                "opened_at": one.used_at.isoformat() if one.used_at else "",
            }
            for one in sent
        ],
        "no_reminders_since": declined.created_at.isoformat() if declined else "",
    }
