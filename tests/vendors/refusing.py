"""What must hold after an attempt that was refused."""

from __future__ import annotations

import pytest

from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from vendors.billing.models import UsageEntry


def assert_refused(journey, attempt_id, code, fault):
    """The attempt ends without an answer; what happened is written down; nothing can be taken."""
    row = journey.row(attempt_id)
    assert (row.phase, row.outcome, row.failure_code) == ("failed", "partner_failed", code)
    assert (row.claims_sealed, row.portrait_sealed) == (None, None)
    assert journey.events("partner:proofing:refuse")[-1]["code"] == code
    assert journey.events("partner:proofing:refuse")[-1]["fault"] == fault
    with pytest.raises(Refused, match="proofing_not_verified"):
        journey.take(attempt_id)
    with tenant_scope(journey.tenant.id):
        (entry,) = UsageEntry.objects.filter(case_id=row.reference)
        assert (entry.billable, entry.why) == (False, "partner_failed")
