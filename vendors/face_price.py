"""What the organisation pays Microsoft for one Face Check, as its own contract there says.

Entered by the organisation, counted in usage and budgets, and never invoiced by us. Until it is entered such checks are
counted at nothing, and nobody can say what a recovery costs at most.
"""

from __future__ import annotations

from portal.kit.actors import Actor
from portal.kit.seen import require_unchanged
from vendors.billing.recording import lock_billing
from vendors.billing.services import enter_contract_price
from vendors.connecting import ContractTerms, shown_terms, terms_of
from vendors.facecheck.models import Judge

VENDOR = Judge.MICROSOFT.value


def face_price() -> ContractTerms | None:
    """The price in force, None until one was entered."""
    return terms_of(VENDOR)


def change_face_price(wanted: ContractTerms, *, actor: Actor, seen: str | None = None) -> None:
    """From now on. Quiet when it is that already; ChangedMeanwhile when it is not what the page had `seen`, Invalid for a
    price or a currency that cannot be counted in."""
    lock_billing()
    before = face_price()
    require_unchanged(seen, shown_terms(before))
    if wanted != before:
        enter_contract_price(
            vendor=VENDOR, unit_price=wanted.unit_price, currency=wanted.currency, actor=actor
        )
