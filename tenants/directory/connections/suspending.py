"""Who is disabled there, once a round is complete: suspended, or held until an owner has looked.

Protects an organisation from whoever took its directory over, or a script that ran wild in it, and would lock everybody out
of recovery at once: more than a share of those who are active never goes without an owner's word, counted over a day. Until
then nobody is suspended, not even the share. What it does not do: hold a few, or those who come disabled.
"""

from __future__ import annotations

from django.db.models import QuerySet

from tenants.directory.connections.leaving import AT_ONCE, hold, may_go
from tenants.directory.connections.models import DirectoryConnection, Kind, RemoteObject, SyncRun
from tenants.directory.connections.people import ACTOR
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import follow_standing

ACTIVE = DirectoryPerson.Status.ACTIVE


def _waiting() -> QuerySet[RemoteObject]:
    return RemoteObject.objects.filter(kind=Kind.USERS).exclude(suspending_at=None)


def _of_active() -> QuerySet[RemoteObject]:
    """Those who lose something by it: not who was suspended or removed meanwhile, nor who left as well."""
    return _waiting().filter(person__status=ACTIVE, leaving_at=None)


def decide_suspensions(run: SyncRun, row: DirectoryConnection) -> None:
    """Whether those who are disabled may be suspended. Sets `run.may_suspend`; tells the owners once for each number."""
    waiting = _of_active().count()
    active = RemoteObject.objects.filter(kind=Kind.USERS, person__status=ACTIVE)
    # Of a million people everybody is counted only where it decides something.
    run.may_suspend = row.allowed_suspensions >= waiting or may_go(waiting, active.count(), "suspended_here")
    hold(row, "held_suspensions", 0 if run.may_suspend else waiting)


def who_is_disabled(most: int) -> list[str]:
    """The names of some who wait to be suspended."""
    rows = _of_active().order_by("person__sort_key", "id")
    return list(rows.values_list("person__display_name", flat=True)[:most])


def suspend_some() -> int:
    """Some of those who wait; how many were suspended. A colleague's suspension stays a colleague's."""
    rows = list(_waiting().select_related("person").order_by("person_id", "id")[:AT_ONCE])
    suspended = 0
    for row in rows:
        if row.person is not None and row.person.status == ACTIVE:
            suspended += follow_standing(row.person, False, actor=ACTOR).status != ACTIVE
    RemoteObject.objects.filter(id__in=[row.id for row in rows]).update(suspending_at=None)
    return suspended


def are_waiting() -> bool:
    """Whether somebody is disabled there and not looked at here."""
    return _waiting().exists()
