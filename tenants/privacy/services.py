"""Recording consent before anything is asked of a face (NIST SP 800-63A-4, 3.11; GDPR article 9)."""

from __future__ import annotations

from uuid import UUID

from portal.kit.actors import Actor
from portal.kit.codes import digest
from portal.kit.together import insert_soon
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.privacy.models import ConsentRecord

PURPOSE_RECOVERY = "account_recovery"
RETENTION_RECOVERY = "photographs_none_portrait_24h_record_1y"


def record_consent(
    *,
    case_id: UUID,
    text: str,
    text_version: str,
    language: str,
    partner: str,
    flashing: bool,
    actor: Actor,
    purpose: str = PURPOSE_RECOVERY,
    retention: str = RETENTION_RECOVERY,
) -> ConsentRecord:
    """Write down what exactly was shown and agreed to."""
    record = ConsentRecord(
        case_id=case_id,
        text_version=text_version,
        text_digest=digest(text),
        language=language,
        purpose=purpose,
        retention=retention,
        partner=partner,
        flashing=flashing,
    )
    insert_soon(record)
    record_event(
        EventName.CONSENT_GIVEN,
        actor=actor,
        subject=record.public_id,
        case_id=case_id,
        data={"text_version": text_version, "language": language, "partner": partner, "flashing": flashing},
    )
    return record


def consent_of(case_id: UUID) -> ConsentRecord | None:
    return ConsentRecord.objects.filter(case_id=case_id, withdrawn_at=None).order_by("-created_at").first()


def withdraw_flashing(case_id: UUID) -> None:
    """The person sees only now that flashing light is no option: from here on none is shown."""
    ConsentRecord.objects.filter(case_id=case_id, withdrawn_at=None).update(flashing=False)
