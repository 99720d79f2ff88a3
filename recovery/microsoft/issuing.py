"""Getting the card of a case whose organisation uses Microsoft's service: an offer for this browser, taken with a pin.

Protects as the offer of our own card does: only where the proof was made, or a live face agreed with it, is anything handed
out (recovery.proof). What it does not do: know whether the app took it; Microsoft's records say so.
"""

from __future__ import annotations

from portal.kit.errors import Refused
from recovery.cases import locked
from recovery.models import Case
from recovery.proof import browser_is_known, is_at_hand
from recovery.statuses import CaseStatus
from tenants.verified_id.entra import journeys
from tenants.verified_id.entra.models import EntraRequest

# Offers of one case: each is a request at Microsoft.
MAX_OFFERS = 10


def offer_under_way(case: Case) -> EntraRequest | None:
    """The newest offer, if this browser asked for it."""
    return journeys.request_of(case.id, EntraRequest.Kind.ISSUANCE, browser_digest=bytes(case.browser_digest))


def begin_offer(case: Case) -> EntraRequest:
    """An offer of the card, for this browser. Refused where nothing is to be handed out, and after too many."""
    case = locked(case.id)
    if case.issuance_id is None or case.state is not CaseStatus.PROVING or case.credential_id is not None:
        raise Refused("step_out_of_order")
    if not browser_is_known(case) or not is_at_hand(case):
        raise Refused("step_out_of_order")
    if journeys.requests_of(case.id, EntraRequest.Kind.ISSUANCE) >= MAX_OFFERS:
        raise Refused("too_many_offers")
    return journeys.ask_to_issue(
        reference=case.id, browser_digest=bytes(case.browser_digest), issuance_id=case.issuance_id
    )
