"""Whose a card is: tied to an account when that was recovered, or offered to somebody of the directory by name. Until then
a card is nobody's, also here."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from portal.kit.ids import public_id
from recovery.models import CredentialBinding
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import people_by_id, people_found
from tenants.verified_id.holders import Holder
from tenants.verified_id.models import Credential, Issuance


def _holder(person: DirectoryPerson) -> Holder:
    return Holder(person.display_name, public_id(DirectoryPerson.prefix, person.id))


def of_people(ids: Collection[UUID]) -> dict[UUID, Holder]:
    return {person.id: _holder(person) for person in people_by_id(ids)}


def of_cards(ids: Collection[UUID]) -> dict[UUID, Holder]:
    offered = Credential.objects.filter(id__in=ids).values_list("id", "issuance__person_id")
    tied = CredentialBinding.objects.filter(credential_id__in=ids).values_list("credential_id", "person_id")
    whose = {card: person for card, person in (*offered, *tied) if person is not None}
    people = of_people(set(whose.values()))
    return {card: people[person] for card, person in whose.items() if person in people}


def cards_of(text: str) -> Q:
    people = people_found(text=text).order_by().values("id")
    tied = CredentialBinding.objects.filter(person_id__in=people).values("credential_id")
    offered = Issuance.objects.filter(person_id__in=people).values("id")
    return Q(id__in=tied) | Q(issuance_id__in=offered)
