"""Where people's accounts live: here, or in the directory elsewhere, to which a recovery then hands over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.errors import NotHere, Refused
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections.models import DirectoryConnection, Kind, RemoteObject
from tenants.directory.models import DirectoryPerson


@dataclass(frozen=True, slots=True)
class Chosen:
    lives_there: bool
    removes_lost: bool
    ends_sessions: bool


def chosen_of(row: DirectoryConnection) -> Chosen:
    return Chosen(row.accounts_since is not None, row.removes_lost, row.ends_sessions)


def home_of_accounts() -> DirectoryConnection | None:
    """The connection that accounts live behind; None where they live here. One query."""
    return DirectoryConnection.objects.exclude(accounts_since=None).first()


def object_id_of(person_id: UUID) -> str:
    """How the directory calls somebody; empty for who is not in it."""
    found = RemoteObject.objects.filter(kind=Kind.USERS, person_id=person_id, leaving_at=None)
    return str(found.values_list("object_id", flat=True).first() or "")


def why_none_there(person: DirectoryPerson) -> str:
    """Why the directory that accounts live in makes no pass for this person, as a code; empty where it may, or accounts live
    here. As the last synchronisation has it: whether somebody is a guest is the directory's own word alone."""
    home = home_of_accounts()
    if home is None:
        return ""
    if not object_id_of(person.id):
        return "account_not_there"
    return "account_guest" if person.is_guest and person.source == home.kind else ""


def may_live_there(row: DirectoryConnection, chosen: Chosen) -> bool:
    """Whether the last test found everything that passes need."""
    needed = {"policy", "methods", *(("sessions",) if chosen.ends_sessions else ())}
    return needed <= {str(one["step"]) for one in row.found_of_passes if one["ok"]}


@transaction.atomic
def choose_home(chosen: Chosen, *, actor: Actor) -> DirectoryConnection:
    """Say where accounts live, and what a recovery does there. Refused for accounts there while something that passes need
    is missing. Quiet when nothing changes."""
    row = DirectoryConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_connection")
    before = chosen_of(row)
    if before == chosen:
        return row
    if chosen.lives_there and not may_live_there(row, chosen):
        sentence = _("Passes cannot be made there yet. Mend what the test found, and test again.")
        raise Refused("passes_not_possible", sentence)
    if not chosen.lives_there:
        row.accounts_since = None
    elif row.accounts_since is None:
        row.accounts_since = clock.now()
    row.removes_lost, row.ends_sessions = chosen.removes_lost, chosen.ends_sessions
    row.save(update_fields=["accounts_since", "removes_lost", "ends_sessions"])
    record_event(
        EventName.ACCOUNTS_HOME_CHANGED,
        actor=actor,
        subject=row.public_id,
        data={
            "lives_there": chosen.lives_there,
            "removes_lost": chosen.removes_lost,
            "ends_sessions": chosen.ends_sessions,
        },
    )
    return row


def people_not_there() -> int:
    """Active people whom the directory there does not know, and guests: no pass can be made for them."""
    known = RemoteObject.objects.filter(kind=Kind.USERS, leaving_at=None).exclude(person=None)
    active = DirectoryPerson.objects.filter(status=DirectoryPerson.Status.ACTIVE)
    there = active.filter(is_guest=False, id__in=known.values("person_id")).count()
    return active.count() - there


def names_of_groups(object_ids: Sequence[str]) -> dict[str, str]:
    """What groups there are called here, those that are here."""
    rows = RemoteObject.objects.filter(kind=Kind.GROUPS, object_id__in=object_ids).exclude(group=None)
    return {row.object_id: row.group.name for row in rows.select_related("group") if row.group}
