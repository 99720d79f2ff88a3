"""What the worker does for the log."""

from __future__ import annotations

import logging

from portal.kit.outbox import Apply, Job, effect
from tenants.audit.sealing import seal_events, tenants_with_unsealed_events
from tenants.audit.services import check_chain

log = logging.getLogger("readmit.audit")


def seal() -> None:
    """Seal every tenant's committed events. Periodic; one tenant's trouble is not the next one's."""
    for tenant_id in tenants_with_unsealed_events():
        try:
            seal_events(tenant_id)
        except Exception:
            log.exception("audit.seal_failed %s", tenant_id)


@effect
def verify(job: Job) -> Apply | None:
    """Verify one tenant's chain: no transaction of the outbox is held open while it walks."""
    if job.tenant_id is not None:
        check_chain(job.tenant_id)
    return None
