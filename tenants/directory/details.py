"""What colleagues may write about a person here, and everything the directory holds of one.

Protects people from a colleague who edits names to recover somebody else's account: what is typed goes the way of a changed
file (`tenants.directory.changing`), so it counts later and is told at the addresses held before. What it does not do: change
what a system that provisions people writes anew with its next message (`is_written_elsewhere`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.kit.actors import Actor
from portal.kit.errors import NotHere, Refused
from portal.kit.seen import marks_of, require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.changing import change_people
from tenants.directory.import_file import ImportedRow
from tenants.directory.import_plan import change_of, held_addresses
from tenants.directory.models import DirectoryPerson, HeldEvidence, PersonName
from tenants.directory.named import Named, names_by_person, written
from tenants.directory.selectors import addresses_of, groups_of, held_evidence, other_names_of

KINDS = PersonName.Kind
Pairs = tuple[tuple[str, str], ...]


def is_written_elsewhere(person: DirectoryPerson) -> bool:
    """SCIM carries all of this; files and Microsoft Graph leave out what they do not tell."""
    return person.source == "scim"


def details_of(person: DirectoryPerson) -> dict[str, Any]:
    """As the form shows them."""
    named = names_by_person([person.id]).get(person.id, [])
    return {
        "former_names": written(named, KINDS.FORMER),
        "preferred_name": " | ".join(one.given_names for one in named if one.kind == KINDS.PREFERRED),
        "name_in_other_script": written(named, KINDS.SCRIPT),
        "manager": person.manager,
        "country": person.country,
        "privileged": bool(person.is_privileged),
    }


def marks_of_details(person: DirectoryPerson) -> str:
    """What a form filled from this person has seen."""
    return marks_of(details_of(person))


@transaction.atomic
def change_details(
    person_id: UUID,
    *,
    former_names: Pairs,
    preferred_names: Pairs,
    script_names: Pairs,
    manager: str,
    country: str,
    is_privileged: bool,
    actor: Actor,
    seen: str | None = None,
) -> None:
    """Refused for whom a provisioning system writes anew; ChangedMeanwhile when it is not what the page had `seen`."""
    person = DirectoryPerson.objects.select_for_update().filter(id=person_id).first()
    if person is None or person.status == DirectoryPerson.Status.REMOVED:
        raise NotHere("person_unknown")
    if is_written_elsewhere(person):
        raise Refused(
            "person_provisioned",
            _(
                "Your provisioning system writes this person. Change it there: it would undo what you type here."
            ),
        )
    require_unchanged(seen, details_of(person))
    held = held_addresses([person.id]).get(person.id, [])
    row = ImportedRow(
        line=0,
        user_name=person.user_name,
        given_names=person.given_names,
        family_name=person.family_name,
        emails=tuple(one.value for one in held if one.kind == "email"),
        display_name=person.display_name,
        former_names=former_names,
        preferred_names=preferred_names,
        script_names=script_names,
        manager=manager,
        country=country,
        is_privileged=is_privileged or (None if person.is_privileged is None else False),
    )
    change = change_of(row, person, held, names_by_person([person.id]).get(person.id, ()))
    if change is None:
        return
    change_people([change])
    record_event(
        EventName.PERSON_CHANGED,
        actor=actor,
        subject=person.public_id,
        data={"changed": sorted(change.names)},
    )


def everything_held(person: DirectoryPerson) -> dict[str, Any]:
    """All that is held of one person, for whoever asks for their own data (GDPR article 15), in the rooms above as well. Of
    evidence the kind and the day: a digest tells nobody anything."""
    elsewhere: dict[str, Any] = {}
    for name in settings.HELD_ELSEWHERE:
        elsewhere |= import_string(name)(person.id)
    return {
        "person": {
            "user_name": person.user_name,
            "employee_number": person.employee_number,
            "given_names": person.given_names,
            "family_name": person.family_name,
            "display_name": person.display_name,
            "birthdate": _said(person.birthdate),
            "department": person.department,
            "manager": person.manager,
            "country": person.country,
            "guest": person.is_guest,
            "privileged": person.is_privileged,
            "status": person.status,
            "proven_before": person.assurance_level == DirectoryPerson.Assurance.IAL2,
            "source": person.source,
            "external_id": person.external_id,
            "here_since": _said(person.created_at),
            "names_changed_at": _said(person.names_changed_at),
            "address_lost_at": _said(person.address_lost_at),
        },
        "other_names": [
            {**_named(one), "held_since": _said(one.held_since)} for one in other_names_of(person.id)
        ],
        "addresses": [
            {
                "kind": one.kind,
                "value": one.value,
                "label": one.label,
                "held_since": _said(one.held_since),
                "confirmed_at": _said(one.confirmed_at),
            }
            for one in addresses_of(person.id)
        ],
        "evidence_held": [
            {
                "kind": HeldEvidence.Kind(one.kind).value,
                "source": one.source,
                "held_since": _said(one.held_since),
            }
            for one in held_evidence(person.id)
        ],
        "groups": len(groups_of(person.id)),
        **elsewhere,
    }


def _named(row: PersonName) -> dict[str, str]:
    return Named(row.kind, row.given_names, row.family_name)._asdict()


def _said(value: date | datetime | None) -> str:
    return value.isoformat() if value else ""
