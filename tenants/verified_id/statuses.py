"""The status of a credential that another issuer signed, asked where that issuer's lists lie and nowhere else.

Runs in the worker, with no transaction open. What cannot be found out is a reason to refuse.
"""

from __future__ import annotations

from portal.kit import clock, http
from portal.kit.errors import ReadmitError
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.status_list import MEDIA_TYPE, StatusReference, verify_status_list_token
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.trusting import lies_at

MOST_LIST = 4 * 1024 * 1024


def status_problem(reference: StatusReference | None, *, trust: Trust, origin: str) -> str:
    """Why it is not valid, empty when it is. `origin` is where the issuer's lists lie."""
    if reference is None:
        return "status_missing"
    if not lies_at(origin, reference.uri):
        return "status_elsewhere"
    try:
        reply = http.send(
            "GET", reference.uri, headers={"Accept": MEDIA_TYPE}, timeout=8, max_bytes=MOST_LIST
        )
        if reply.status != 200:
            return "status_unavailable"
        now = int(clock.now().timestamp())
        found = verify_status_list_token(
            reply.body.decode("ascii", "replace"),
            trust=trust,
            expected_uri=reference.uri,
            resolved_at=now,
            now=now,
        )
        found.require_valid(reference)
    except ProtocolError as error:
        return error.reason
    except ReadmitError:
        return "status_unavailable"
    return ""
