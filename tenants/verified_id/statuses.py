"""The status of a credential that another issuer signed, asked where that issuer's lists lie and nowhere else.

Runs in the worker, with no transaction open. What cannot be found out is a reason to refuse.
"""

from __future__ import annotations

from uuid import UUID

from portal.kit import clock, http
from portal.kit.errors import ReadmitError
from portal.kit.ids import parse_public_id
from portal.kit.scope import tenant_scope
from tenants.verified_id.models import Presentation, TrustedIssuer
from tenants.verified_id.presentation import read_shown
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.status_list import MEDIA_TYPE, StatusReference, verify_status_list_token
from tenants.verified_id.protocol.trust import Trust
from tenants.verified_id.trusting import lies_at, trust_of

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


def problem_of_shown(tenant_id: UUID, presentation_id: UUID) -> str | None:
    """Why what was shown is not valid, empty when it is, None when nothing waits to be asked for. The issuer may have been
    removed since."""
    with tenant_scope(tenant_id):
        row = Presentation.objects.filter(id=presentation_id, state=Presentation.State.CHECKING).first()
        if row is None or row.sealed is None:
            return None
        shown = read_shown(row)
        issuer_id = parse_public_id(TrustedIssuer.prefix, shown.query)
        issuer = TrustedIssuer.objects.filter(id=issuer_id).first()
        trust = trust_of(issuer) if issuer is not None else Trust()
    if issuer is None:
        return "issuer_not_trusted"
    reference = StatusReference(shown.status_uri, shown.status_index)
    return status_problem(reference, trust=trust, origin=issuer.status_origin)
