"""What follows where somebody was erased: their recoveries under way end, their Verified IDs are revoked, and partners are asked
to erase what they hold of them.

Protects people whose documents lie at a partner from before their organisation asked for erasing, or because it never did;
whoever is on the way from showing documents and a face for an account that is gone; and whoever is shown a card with the
organisation's name on it by somebody who has left. What it does not do: change cases that ended,
which keep an identifier that names nobody any more, or tell whoever typed a name that it was somebody's.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from portal.kit.actors import SYSTEM
from recovery.cases import has_done, locked, move_case, unproven
from recovery.models import Case, CredentialBinding
from recovery.passkeys.models import Passkey
from recovery.statuses import LIVE, CaseStatus, StepKind
from tenants.verified_id import credentials, issuance
from tenants.verified_id.models import Credential, Issuance
from vendors.services import ask_to_erase_sessions

REASON = "person_removed"


def let_go_of(people: Collection[UUID]) -> None:
    """In the tenant's scope and one transaction: all requests are written down, or none and it is done again."""
    _end_cases(people)
    _revoke_cards(people)
    # Whoever named a passkey may have written their own name there.
    Passkey.objects.filter(person_id__in=people).exclude(label="").update(label="")
    cases = Case.objects.filter(person_id__in=people).order_by("id").values_list("id", flat=True)
    ask_to_erase_sessions(list(cases), actor=SYSTEM)


def _end_cases(people: Collection[UUID]) -> None:
    """One that a name alone began, and nothing more, ends as it would for a name that nobody has."""
    running = Case.objects.filter(person_id__in=people, status__in=LIVE).exclude(unproven())
    for case_id in running.order_by("id").values_list("id", flat=True):
        case = locked(case_id)
        if case.state in LIVE and (case.first_proof_at or has_done(case, StepKind.CONFIRMED)):
            move_case(case_id, CaseStatus.REFUSED, reasons=[REASON])


def _revoke_cards(people: Collection[UUID]) -> None:
    """Those tied to them, those of their recoveries, and what was offered to them outside one. A card that a name alone led to
    is nobody's yet, and stays as it would for a name that nobody has."""
    tied = CredentialBinding.objects.filter(person_id__in=people)
    theirs = Case.objects.filter(person_id__in=people).exclude(unproven())
    whose = Q(id__in=tied.values("credential_id")) | Q(reference__in=theirs.values("id"))
    live = Credential.objects.filter(whose).exclude(state=Credential.State.REVOKED)
    for card in live.order_by("id").values_list("id", flat=True):
        credentials.revoke_credential(card, reason=REASON, actor=SYSTEM)
    offered = Issuance.objects.filter(person_id__in=people).order_by("id")
    for issuance_id in offered.values_list("id", flat=True):
        issuance.withdraw_offer(issuance_id, reason=REASON, actor=SYSTEM)
    tied.delete()
