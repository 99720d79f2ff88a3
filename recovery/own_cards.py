"""What a signed-in person sees of their own Verified IDs, and taking one away.

Protects a card from everybody but its holder: it is found by the person of the session alone. What it does not do: know
what stands on it. Name, date of birth and portrait left this place when the wallet had them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import NotHere
from portal.kit.ids import public_id
from recovery.cases import has_done
from recovery.held import HELD_FOR
from recovery.models import Case, CaseStep, CredentialBinding, Profile
from recovery.routes import is_by_eid
from recovery.statuses import StepKind, StepState
from tenants.directory.models import HeldEvidence
from tenants.directory.selectors import emails_of
from tenants.models import Tenant
from tenants.notices.services import send_notice
from tenants.verified_id import credentials
from tenants.verified_id.models import Credential

SHOWN = 10


@dataclass(frozen=True, slots=True)
class OwnCard:
    """`counts_from`, `counts_until`: when a recovery may begin with it; None where the profile in force lets none, and for a
    card without a portrait, with which nobody's face can be compared."""

    public_id: str
    status: str
    issued_at: datetime
    expires_at: datetime
    proven_at: datetime | None
    counts_from: datetime
    counts_until: datetime | None
    has_portrait: bool = True

    @property
    def is_valid(self) -> bool:
        return self.status == "valid"


def own_cards(person_id: UUID, profile: Profile | None) -> list[OwnCard]:
    """The person's cards that are not revoked, the newest first; what they are good for under the profile in force."""
    tied = (
        CredentialBinding.objects.filter(person_id=person_id).select_related("case").order_by("-created_at")
    )
    rows = {binding.credential_id: binding for binding in tied[:SHOWN]}
    live = Credential.objects.filter(id__in=rows).exclude(state=Credential.State.REVOKED)
    proofs = CaseStep.objects.filter(
        case_id__in=[binding.case_id for binding in rows.values()],
        kind=StepKind.PROOFED,
        state=StepState.DONE,
    )
    proven = dict(proofs.order_by("attempt").values_list("case_id", "created_at"))
    days = profile.held_days if profile else 0
    return [
        _own(row, rows[row.id], proven.get(rows[row.id].case_id), days)
        for row in live.order_by("-created_at")
    ]


def _own(row: Credential, binding: CredentialBinding, proven_at: datetime | None, days: int) -> OwnCard:
    has_portrait = not is_by_eid(binding.case)
    counts = proven_at is not None and days and has_portrait
    until = min(row.expires_at, proven_at + timedelta(days=days)) if proven_at and counts else None
    return OwnCard(
        row.public_id,
        credentials.status_of_row(row),
        row.created_at,
        row.expires_at,
        proven_at,
        binding.created_at + HELD_FOR,
        until,
        has_portrait,
    )


def get_own_card(person_id: UUID, credential_id: UUID) -> OwnCard:
    """NotHere for everybody else's."""
    wanted = public_id(Credential.prefix, credential_id)
    for card in own_cards(person_id, None):
        if card.public_id == wanted:
            return card
    raise NotHere("credential_unknown")


def replace_earlier_cards(case: Case, person_id: UUID) -> int:
    """A new card is in the person's wallet, and shown from there: those they had before are void. How many there were.
    Nothing is replaced by a card that was held before, nor by one that no wallet has yet."""
    new = case.credential_id
    if new is None or case.shows_held:
        return 0
    if not (has_done(case, StepKind.PRESENTED) or credentials.is_accepted(new)):
        return 0
    tied = CredentialBinding.objects.filter(person_id=person_id).exclude(credential_id=new)
    if is_by_eid(case):
        # Without a portrait it begins no recovery: it stands in for its like alone.
        tied = tied.filter(case__route=case.route)
    live = Credential.objects.filter(id__in=tied.values("credential_id"))
    held = live.exclude(state=Credential.State.REVOKED).order_by("id")
    replaced = list(held.values_list("id", flat=True))
    if not replaced:
        return 0
    for credential_id in replaced:
        credentials.revoke_credential(credential_id, reason="renewed", actor=SYSTEM)
    HeldEvidence.objects.filter(
        person_id=person_id,
        kind=HeldEvidence.Kind.CREDENTIAL,
        digest__in=[credential_id.hex for credential_id in replaced],
    ).delete()
    return len(replaced)


def remove_own_card(tenant: Tenant, person_id: UUID, credential_id: UUID, *, actor: Actor) -> None:
    """Revoke it, forget that it is theirs, and tell every address: whoever sits at an open session takes a way back with
    it. NotHere for everybody else's."""
    get_own_card(person_id, credential_id)
    credentials.revoke_credential(credential_id, reason="removed_by_person", actor=actor)
    CredentialBinding.objects.filter(person_id=person_id, credential_id=credential_id).delete()
    HeldEvidence.objects.filter(
        person_id=person_id, kind=HeldEvidence.Kind.CREDENTIAL, digest=credential_id.hex
    ).delete()
    with timezone.override(tenant.time_zone):
        moment = date_format(timezone.localtime(clock.now()), "DATETIME_FORMAT")
    send_notice("verified_id_removed", addresses=emails_of(person_id), context={"moment": moment})
