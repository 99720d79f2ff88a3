"""Keeping aside a check that has happened and cannot be counted: without a price, or with none in the tenant's currencies.

Protects a recovery from a price list that is not finished: nobody is stopped at the end of a check that was made, and no
check is dropped. It is kept as the line that `record_usage FILE.jsonl` would read, so that it counts once it can.
"""

from __future__ import annotations

import json

from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured
from portal.kit.ids import public_id
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from vendors.billing.checks import Usage
from vendors.billing.insertion import insert_new
from vendors.billing.models import SetAside, UsageEntry
from vendors.billing.recording import record_usage
from vendors.billing.reservations import release_checks


def record_check(usage: Usage) -> UsageEntry | None:
    """The entry of a live check; None if it was kept aside. In the tenant's scope."""
    try:
        return record_usage(usage)
    except Misconfigured as problem:
        keep_aside(usage, problem.code)
        release_checks([usage.idempotency_key])
        return None


def keep_aside(usage: Usage, code: str) -> None:
    """Quiet when the same was kept for the same reason before."""
    row = SetAside(idempotency_key=usage.idempotency_key, code=code, event=line_of(usage))
    if insert_new([row], key="idempotency_key, code"):
        record_event(
            EventName.USAGE_KEPT_ASIDE,
            actor=SYSTEM,
            subject=row.public_id,
            case_id=usage.case_id,
            data={"meter": str(usage.meter), "vendor": usage.vendor, "why": code},
        )


def line_of(usage: Usage) -> str:
    """As a line of a file of events (README, annex)."""
    told = {
        "idempotency_key": usage.idempotency_key,
        "tenant": public_id(Tenant.prefix, current_tenant_id()),
        "vendor": usage.vendor,
        "kind": str(usage.meter),
        "outcome": str(usage.outcome),
        "quantity": usage.quantity,
        "occurred_at": usage.occurred_at.isoformat(),
        "case": str(usage.case_id),
        "connection": usage.connection_kind,
        "mode": usage.mode,
        "profile": str(usage.profile_id or ""),
        "department": usage.department,
    }
    return json.dumps({name: value for name, value in told.items() if value != ""})
