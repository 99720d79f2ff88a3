"""Which of our cards somebody showed, and keeping what it said until its record was read.

Protects a case from another's card: a card is known by the mark that was made for it and by the authority that issued it,
and has to be one of those that this request asked for. What it does not do: ask whether it is valid.
"""

from __future__ import annotations

import hashlib

from tenants.verified_id import presentation
from tenants.verified_id.entra import reading
from tenants.verified_id.entra.models import EntraCard, EntraRequest
from tenants.verified_id.models import Credential, Presentation
from tenants.verified_id.presentation import Shown
from tenants.verified_id.w3c_card import W3C_NAMES

NAMES = {theirs: ours for ours, theirs in W3C_NAMES.items() if ours != "portrait"}


def keep_shown(
    row: EntraRequest, notice: reading.Notice, shown: reading.VerifiedCard
) -> tuple[str, Presentation | None]:
    """("", what was kept), or what is wrong and None."""
    card = EntraCard.objects.filter(mark=shown.claims.get(row.mark_claim, "")).first()
    if card is None or str(card.id) not in row.cards or card.void_at is not None or card.issued_at is None:
        return "card_of_another", None
    if shown.issuer != card.authority:
        return "issuer_not_accepted", None
    if row.threshold is not None and shown.confidence is not None:
        try:
            reading.check_receipt(
                notice,
                expected_card=card.service_id,
                expected_threshold=row.threshold,
                expected_confidence=shown.confidence,
            )
        except reading.Unreadable as refused:
            return refused.reason, None
    Credential.objects.filter(id=card.id).update(expires_at=shown.expires_at)
    kept = presentation.keep_shown_elsewhere(
        reference=row.reference or row.id,
        browser_digest=bytes(row.browser_digest or b""),
        purpose=row.purpose,
        credential_id=card.id,
        # Of a wallet that names itself by a DID: no key of it is known here.
        holder=hashlib.sha256(shown.subject.encode()).hexdigest(),
        shown=Shown(
            query="entra",
            issuer=shown.issuer,
            type=row.credential_type,
            format="jwt_vc_json",
            claims={NAMES[name]: value for name, value in shown.claims.items() if name in NAMES},
        ),
    )
    return "", kept
