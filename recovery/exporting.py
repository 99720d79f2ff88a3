"""What the recoveries of one person hold of them, for whoever asks for their own data (GDPR, article 15).

Protects those who spoke about the person: what they said and why belongs to the person, and who they are does not. What it
does not do: tell of evidence, which is digests and measures.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from recovery.attesting.models import AttestationAsk
from recovery.models import Case

MOST = 1_000


def recoveries_of(person_id: UUID) -> dict[str, Any]:
    """The newest first, each with what was said about the person in it. In the tenant's scope; two statements."""
    cases = list(Case.objects.filter(person_id=person_id).order_by("-created_at", "-id")[:MOST])
    said: dict[UUID, list[dict[str, str]]] = {}
    asks = AttestationAsk.objects.filter(attestation__case__in=cases).exclude(word="")
    for ask in asks.select_related("attestation").order_by("answered_at", "id"):
        said.setdefault(ask.attestation.case_id, []).append(_said(ask))
    return {
        "recoveries": [
            {
                "reference": case.reference,
                "purpose": case.purpose,
                "mode": case.mode,
                "status": case.status,
                "opened_at": case.created_at.isoformat(),
                "ended_at": case.ended_at.isoformat() if case.ended_at else "",
                "said_about_the_person": said.get(case.id, []),
            }
            for case in cases
        ]
    }


def _said(ask: AttestationAsk) -> dict[str, str]:
    return {
        "asked_as": ask.asked_as,
        "word": ask.word,
        "reason": ask.reason,
        "in_touch": ask.contact,
        "answered_at": ask.answered_at.isoformat() if ask.answered_at else "",
    }
