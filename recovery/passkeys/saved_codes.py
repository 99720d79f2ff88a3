"""Codes a person saved for the day their devices are gone.

Protects an account from whoever guesses or finds them again: only their digests are kept, each opens once, and new ones or
a recovery void the old. What it does not do: count tries; who asks for a code does.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.codes import keyed_digest
from portal.kit.ids import public_id, random_base32
from portal.kit.scope import current_tenant_id
from recovery.passkeys.models import SavedRecoveryCode
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.services import note_enrolled

SAVED_CODES = 8
SAVED_CODE_LENGTH = 16


def void_saved_codes(person_id: UUID) -> int:
    """Codes saved before a recovery open nothing after it. How many there were."""
    live = SavedRecoveryCode.objects.filter(person_id=person_id, used_at=None, replaced_at=None)
    return live.update(replaced_at=clock.now())


def _live_of_session(person_id: UUID, session_id: UUID | None) -> QuerySet[SavedRecoveryCode]:
    live = SavedRecoveryCode.objects.filter(person_id=person_id, used_at=None, replaced_at=None)
    return live.filter(session_id=session_id) if session_id else live.none()


def count_codes_of_session(person_id: UUID, session_id: UUID | None) -> int:
    """Codes made in one session that still open something."""
    return _live_of_session(person_id, session_id).count()


def void_codes_of_session(person_id: UUID, session_id: UUID | None) -> int:
    """The same, which open nothing any more. How many there were."""
    return _live_of_session(person_id, session_id).update(replaced_at=clock.now())


@transaction.atomic
def make_saved_codes(person_id: UUID, *, actor: Actor, session_id: UUID | None = None) -> list[str]:
    """Eight new codes in place of the old ones, shown once (NIST SP 800-63B-4, 4.2.1.1)."""
    void_saved_codes(person_id)
    codes = [random_base32(SAVED_CODE_LENGTH) for _number in range(SAVED_CODES)]
    SavedRecoveryCode.objects.bulk_create(
        [
            SavedRecoveryCode(
                person_id=person_id, session_id=session_id, code_digest=saved_code_digest(person_id, code)
            )
            for code in codes
        ]
    )
    note_enrolled(person_id)
    record_event(EventName.SAVED_CODES_MADE, actor=actor, subject=public_id("person", person_id))
    return ["-".join(code[at : at + 4] for at in range(0, SAVED_CODE_LENGTH, 4)) for code in codes]


def use_saved_code(person_id: UUID, typed: str, *, actor: Actor) -> datetime | None:
    """Consume one of the person's codes: since when it was saved, or None. Whoever changes the row has used it; it is
    void from then on."""
    cleaned = typed.upper().translate(str.maketrans("OIL", "011"))
    found = SavedRecoveryCode.objects.filter(
        person_id=person_id,
        code_digest=saved_code_digest(person_id, cleaned),
        used_at=None,
        replaced_at=None,
    )
    saved_at = found.values_list("created_at", flat=True).first()
    if not found.update(used_at=clock.now()):
        return None
    record_event(EventName.SAVED_CODE_USED, actor=actor, subject=public_id("person", person_id))
    return saved_at


def saved_code_digest(person_id: UUID, code: str) -> str:
    return keyed_digest(code, context=f"saved_code|{current_tenant_id()}|{person_id}").hex()
