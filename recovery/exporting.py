"""What recovery and its ways back in hold of one person, for whoever asks for their own data (GDPR, article 15).

Protects those who spoke about the person: what they said and why belongs to the person, and who they are does not. What it
does not do: tell of evidence, which is digests and measures.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from recovery.attesting.models import AttestationAsk
from recovery.models import Case, CredentialBinding
from recovery.passkeys.models import Passkey, PersonSession, SavedRecoveryCode
from tenants.verified_id.models import Credential

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
                "opened_at": _at(case.created_at),
                "ended_at": _at(case.ended_at),
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
        "answered_at": _at(ask.answered_at),
    }


def ways_in_of(person_id: UUID) -> dict[str, Any]:
    """Passkeys by the names their person gave them, also those that open nothing any more; when saved codes were made; the
    Verified IDs that are tied to the account or were offered to it; where they signed in lately. In the tenant's scope; four
    statements. Keys and digests tell nobody anything, and what stands on a card left this place with it."""
    passkeys = Passkey.objects.filter(person_id=person_id).order_by("-created_at", "-id")[:MOST]
    codes = SavedRecoveryCode.objects.filter(person_id=person_id).order_by("-created_at", "-id")[:MOST]
    tied = CredentialBinding.objects.filter(person_id=person_id).values("credential_id")
    named = Credential.objects.filter(Q(id__in=tied) | Q(issuance__person_id=person_id))
    cards = named.order_by("-created_at", "-id")[:MOST]
    sessions = PersonSession.objects.filter(person_id=person_id).order_by("-created_at", "-id")[:MOST]
    return {
        "passkeys": [
            {
                "name": one.label,
                "device_model": one.aaguid,
                "created_at": _at(one.created_at),
                "last_used_at": _at(one.last_used_at),
                "ended_at": _at(one.invalidated_at),
            }
            for one in passkeys
        ],
        "saved_codes": [
            {
                "made_at": _at(one.created_at),
                "used_at": _at(one.used_at),
                "replaced_at": _at(one.replaced_at),
            }
            for one in codes
        ],
        "verified_ids": [
            {"issued_at": _at(one.created_at), "expires_at": _at(one.expires_at), "state": one.state}
            for one in cards
        ],
        "signed_in": [
            {
                "from": _at(one.created_at),
                "last_seen_at": _at(one.last_seen_at),
                "ended_at": _at(one.ended_at),
            }
            for one in sessions
        ],
    }


def _at(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
