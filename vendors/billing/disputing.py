"""Disputes: a tenant says that a charge is wrong, the operator agrees or does not.

Protects a tenant from a charge it cannot question, and the books from a tenant that settles its own: no page of the
console answers a dispute. A charge that is agreed to be wrong is taken back whole. Within its period it is off the invoice;
once the period is closed, a credit note comes with the next closing.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.names import has_unseen
from portal.kit.origins import site_url
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.notices.services import send_staff_mail
from tenants.rights import Right
from tenants.selectors import addresses_of_members_with
from vendors.billing.insertion import insert_new
from vendors.billing.models import Dispute, EntryKind, Paid, UsageEntry
from vendors.billing.price_file import amount_text
from vendors.billing.recording import lock_billing, take_back

LONGEST = 500


def disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related("entry")


def dispute_of(entry: UsageEntry) -> Dispute | None:
    return Dispute.objects.filter(entry_id=entry.id).first()


def is_taken_back(entry: UsageEntry) -> bool:
    return UsageEntry.objects.filter(kind=EntryKind.REVERSAL, refers_to_id=entry.id).exists()


def is_charged(entry: UsageEntry) -> bool:
    """Whether it is ours to answer for. What a partner bills itself is settled with the partner."""
    return entry.kind == EntryKind.USAGE and entry.amount > 0 and entry.connection_kind == Paid.THROUGH_US


def dispute_entry(entry: UsageEntry, *, reason: str, actor: Actor) -> Dispute:
    """Once for each entry: whoever comes second reads the first one's. Invalid for what is not charged, or not any more,
    and without a reason."""
    if not is_charged(entry):
        raise Invalid("entry_not_charged", _("We do not charge this check, so there is nothing to dispute."))
    cleaned = sentence_of(reason, "reason", _("Say in a sentence what is wrong with this charge."))
    known = dispute_of(entry)
    if known is not None:
        return known
    lock_billing()
    # Under the lock once more: by now it may be disputed, and answered too.
    known = dispute_of(entry)
    if known is not None:
        return known
    if is_taken_back(entry):
        raise Invalid("entry_taken_back", _("This charge was taken back already."))
    dispute = Dispute(entry_id=entry.id, reason=cleaned)
    insert_new([dispute], key="entry_id")
    record_event(
        EventName.ENTRY_DISPUTED,
        actor=actor,
        subject=entry.public_id,
        case_id=entry.case_id,
        personal={"reason": cleaned},
    )
    _tell("staff_dispute_opened", entry, {"reason": cleaned})
    return dispute


def settle_dispute(entry_id: UUID, *, accepted: bool, answer: str, actor: Actor) -> Dispute:
    """The operator's answer, once; quiet when the same verdict was given before.

    Invalid without a dispute or an answer, and for the other verdict.
    """
    cleaned = sentence_of(answer, "answer", _("Answer in a sentence that the organisation will read."))
    lock_billing()
    dispute = Dispute.objects.filter(entry_id=entry_id).first()
    if dispute is None:
        raise Invalid("dispute_missing", _("Nobody disputes this charge."))
    state = Dispute.State.ACCEPTED if accepted else Dispute.State.DECLINED
    if dispute.state != Dispute.State.OPEN:
        if dispute.state != state:
            raise Invalid("dispute_settled", _("This dispute was settled the other way."))
        return dispute
    dispute.state, dispute.answer, dispute.settled_at = state, cleaned, clock.now()
    dispute.save(update_fields=["state", "answer", "settled_at"])
    entry = UsageEntry.objects.get(id=entry_id)
    if accepted:
        take_back(entry, is_forgiven=True, actor=actor)
    record_event(
        EventName.DISPUTE_SETTLED,
        actor=actor,
        subject=entry.public_id,
        case_id=entry.case_id,
        data={"verdict": str(state)},
        personal={"answer": cleaned},
    )
    _tell("staff_dispute_answered", entry, {"answer": cleaned, "accepted": "yes" if accepted else ""})
    return dispute


def sentence_of(text: str, field: str, asked: str) -> str:
    """What a person says why, on one line. Invalid for nothing, for too much and for what cannot be printed."""
    cleaned = " ".join(text.split())
    if not cleaned:
        raise Invalid(f"{field}_missing", asked, field=field)
    if has_unseen(cleaned):
        raise Invalid("text_unusable", _("This holds a character that cannot be printed."), field=field)
    if len(cleaned) > LONGEST:
        raise Invalid(f"{field}_too_long", _("At most %(most)s characters.") % {"most": LONGEST}, field=field)
    return cleaned


def _tell(template: str, entry: UsageEntry, more: Mapping[str, str]) -> None:
    """Those who manage billing: amounts and a case's reference, never a person."""
    tenant = Tenant.objects.get(id=current_tenant_id())
    path = reverse("disputes:dispute", urlconf=settings.ROOT_URLCONF, args=[tenant.slug, entry.public_id])
    context = {
        "organisation": tenant.name,
        "case_reference": entry.case_reference,
        "amount": amount_text(entry.amount),
        "currency": entry.currency,
        "dispute_url": site_url(path),
        **more,
    }
    for address in addresses_of_members_with(Right.MANAGE_BILLING):
        send_staff_mail(template, address=address, context=context)
