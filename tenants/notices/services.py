"""Writing mail down, so that it goes out exactly when the change that caused it does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from portal.kit.actors import SYSTEM
from portal.kit.ids import uuid7
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id, no_scope
from portal.kit.sealed import Context, seal
from portal.kit.together import insert_soon
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.notices.models import Notice, StaffMail


def notice_context(row_id: UUID) -> Context:
    return Context("notices_notice", "sealed", row_id)


def staff_mail_context(row_id: UUID) -> Context:
    return Context("notices_staffmail", "sealed", row_id)


def _body(address: str, context: Mapping[str, str]) -> bytes:
    return json.dumps({"address": address, "context": dict(context)}).encode()


def send_notice(
    template: str, *, addresses: Sequence[str], context: Mapping[str, str], case_id: UUID | None = None
) -> None:
    """One mail to each address of a person, sent by the worker once the open transaction commits. Nobody to tell is
    written down on the case, so that its members see that nobody was told."""
    tenant_id = current_tenant_id()
    if not addresses and case_id is not None:
        record_event(EventName.NOTICE_TO_NOBODY, actor=SYSTEM, case_id=case_id, data={"template": template})
    for address in dict.fromkeys(addresses):
        row_id = uuid7()
        sealed = seal(_body(address, context), notice_context(row_id))
        insert_soon(Notice(id=row_id, template=template, case_id=case_id, sealed=sealed))
        enqueue("notices.send", tenant_id=tenant_id, notice_id=row_id)


def send_staff_mail(template: str, *, address: str, context: Mapping[str, str]) -> None:
    """One mail to a member of staff. Works with and without a tenant in force."""
    row_id = uuid7()
    with no_scope():
        sealed = seal(_body(address, context), staff_mail_context(row_id))
    insert_soon(StaffMail(id=row_id, template=template, sealed=sealed))
    enqueue("notices.send_staff_mail", staff_mail_id=row_id)
