"""Entering, testing, pausing and removing a connection; asking for a synchronisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid, NotHere, Refused
from portal.kit.outbox import enqueue
from portal.kit.remote import Token
from portal.kit.scope import current_tenant_id
from portal.kit.sealed import seal
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.connections import leaving
from tenants.directory.connections.contract import Policy, Provider
from tenants.directory.connections.models import (
    DirectoryConnection,
    RemoteEdge,
    RemoteObject,
    SyncRun,
    Track,
)
from tenants.directory.connections.registry import PROVIDERS
from tenants.directory.connections.rounds import begin_run, end_run, forget_places
from tenants.directory.connections.tokens import Held, proof_of, put_token, secret_context, secret_of
from tenants.directory.models import DirectoryPerson

TEST = "directory.connection_test"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of a test."""

    step: str
    ok: bool
    problem: str = ""


def connection() -> DirectoryConnection | None:
    return DirectoryConnection.objects.first()


def provider_of(row: DirectoryConnection) -> Provider:
    return PROVIDERS[row.kind]


def settings_of(row: DirectoryConnection | None) -> dict[str, Any]:
    """What a form is filled from."""
    return dict(row.settings) if row else {}


def public_part_of(row: DirectoryConnection) -> str:
    """Of a key that was made here, what the administrator registers there; empty where there is none."""
    return provider_of(row).public_part(secret_of(row))


def _locked() -> DirectoryConnection:
    row = DirectoryConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_connection")
    return row


@transaction.atomic
def connect(
    *, kind: str, given: Mapping[str, str], secret: str, actor: Actor, seen: str | None = None
) -> DirectoryConnection:
    """Enter or change the settings and try them at once. A secret left empty stays as it was; a key that is made here is made
    the first time. Invalid for another directory than the one whose people are here. ChangedMeanwhile when the settings are
    not what the page had `seen`."""
    provider = PROVIDERS[kind]
    row = DirectoryConnection.objects.select_for_update().first()
    require_unchanged(seen if row else None, settings_of(row))
    if row is not None and row.kind != kind:
        sentence = _("Another directory is connected. Remove that connection first.")
        raise Invalid("another_connected", sentence, field=provider.identity)
    if row is None and not secret:
        secret = provider.new_secret()
    if row is None and not secret:
        raise Invalid("secret_missing", _("Enter the client secret."), field="secret")
    wanted = {name: given[name] for name in provider.settings}
    before = settings_of(row)
    if before and before[provider.identity] != wanted[provider.identity] and RemoteObject.objects.exists():
        sentence = _("People of another directory are here. Remove this connection first, then connect anew.")
        raise Invalid("directory_differs", sentence, field=provider.identity)
    made = row or DirectoryConnection(kind=kind)
    changed = [name for name in provider.settings if before.get(name) != wanted[name]]
    made.settings = wanted
    if secret:
        made.secret_sealed = seal(secret.encode(), secret_context(made))
        changed.append("secret")
    made.token_sealed, made.token_expires_at, made.found, made.tested_at = None, None, [], None
    made.found_of_passes, made.pass_policy = [], None
    made.test_asked_at = clock.now()
    made.save(force_insert=row is None)
    record_event(
        EventName.DIRECTORY_CONNECTED,
        actor=actor,
        subject=made.public_id,
        data={"directory": kind, "changed": changed},
    )
    enqueue(TEST, tenant_id=current_tenant_id())
    return made


@transaction.atomic
def ask_for_test(*, actor: Actor) -> DirectoryConnection:
    row = _locked()
    row.test_asked_at = clock.now()
    row.save(update_fields=["test_asked_at"])
    enqueue(TEST, tenant_id=current_tenant_id())
    return row


def note_test(
    held: Held,
    found: Sequence[Finding],
    token: Token | None,
    found_of_passes: Sequence[Finding] = (),
    policy: Policy | None = None,
) -> None:
    """What a test found. Quiet when the connection was removed or changed meanwhile: another test is under way."""
    row = DirectoryConnection.objects.select_for_update().filter(id=held.row.id).first()
    if row is None or proof_of(row) != proof_of(held.row):
        return
    row.found, row.tested_at = [asdict(one) for one in found], clock.now()
    row.found_of_passes = [asdict(one) for one in found_of_passes]
    row.pass_policy = asdict(policy) if policy else None
    if token is not None:
        put_token(row, token)
    row.save(
        update_fields=[
            *("found", "tested_at", "token_sealed", "token_expires_at", "found_of_passes", "pass_policy")
        ]
    )
    # What passes need is a problem only where they are made.
    every = [*found, *(found_of_passes if row.accounts_since else ())]
    problems = [f"{one.step}:{one.problem}" for one in every if not one.ok]
    record_event(EventName.DIRECTORY_TESTED, actor=SYSTEM, subject=row.public_id, data={"problems": problems})


@transaction.atomic
def pause(*, actor: Actor) -> None:
    """Nothing is read until it goes on; what is under way stops where it is. Quiet when it is paused."""
    row = _locked()
    if row.paused_at is not None:
        return
    row.paused_at = clock.now()
    row.save(update_fields=["paused_at"])
    _cancel_run()
    record_event(EventName.DIRECTORY_PAUSED, actor=actor, subject=row.public_id)


@transaction.atomic
def resume(*, actor: Actor) -> None:
    """Quiet when it is not paused."""
    row = _locked()
    if row.paused_at is None:
        return
    row.paused_at = None
    row.save(update_fields=["paused_at"])
    record_event(EventName.DIRECTORY_RESUMED, actor=actor, subject=row.public_id)


def _cancel_run() -> None:
    run = SyncRun.objects.select_for_update().filter(state=SyncRun.State.RUNNING).first()
    if run is not None:
        end_run(run, SyncRun.State.CANCELED)
        run.save()


@transaction.atomic
def disconnect(*, actor: Actor) -> None:
    """Destroy settings, secret, token and what is known of the other side. The people and groups stay. Quiet when there is
    none. Refused while accounts live there: nobody could recover."""
    row = DirectoryConnection.objects.select_for_update().first()
    if row is None:
        return
    if row.accounts_since is not None:
        sentence = _("Accounts live at %(place)s. Change that first.") % {
            "place": provider_of(row).words.place
        }
        raise Refused("accounts_live_there", sentence)
    _cancel_run()
    RemoteEdge.objects.all().delete()
    for model in (RemoteObject, Track, SyncRun):
        model.objects.all().delete()
    subject = row.public_id
    row.delete()
    record_event(EventName.DIRECTORY_REMOVED, actor=actor, subject=subject)


@transaction.atomic
def ask_for_sync(*, actor: Actor, everything: bool = False) -> tuple[SyncRun, bool]:
    """A synchronisation, and whether it has to wait for one that is under way: then it follows that one. `everything` reads
    the whole directory again. Refused while the connection is paused."""
    row = _locked()
    if row.paused_at is not None:
        raise Refused("sync_paused", _("Synchronising is paused. Let it go on first."))
    run = SyncRun.objects.select_for_update().filter(state=SyncRun.State.RUNNING).first()
    if run is not None:
        run.is_wanted_again = True
        run.is_everything_wanted = run.is_everything_wanted or everything
        run.save(update_fields=["is_wanted_again", "is_everything_wanted"])
        return run, True
    if everything:
        forget_places()
    run = begin_run()
    record_event(EventName.SYNC_ASKED, actor=actor, subject=run.public_id, data={"everything": everything})
    return run, False


@transaction.atomic
def allow_removal(*, people: int, memberships: int, suspensions: int = 0, actor: Actor) -> None:
    """An owner's word for what waits, and a synchronisation that acts on it. Refused when more waits by now."""
    row = _locked()
    if row.held_people > people or row.held_memberships > memberships:
        raise Refused("more_is_held", _("More would be removed by now. Look at the numbers again."))
    if row.held_suspensions > suspensions:
        raise Refused("more_is_held", _("More would be suspended by now. Look at the numbers again."))
    leaving.allow_removal(row, people=people, memberships=memberships, suspensions=suspensions, actor=actor)
    ask_for_sync(actor=actor)


def run_with(run_id: UUID) -> SyncRun | None:
    return SyncRun.objects.filter(id=run_id).first()


def live_run() -> SyncRun | None:
    return SyncRun.objects.filter(state=SyncRun.State.RUNNING).first()


def names_of_objects(object_ids: Sequence[str]) -> dict[str, str]:
    """What those are called here who are here."""
    rows = DirectoryPerson.objects.filter(external_id__in=object_ids) if object_ids else ()
    return {row.external_id: row.display_name for row in rows}


def recent_runs(most: int = 10) -> list[SyncRun]:
    return list(SyncRun.objects.order_by("-created_at", "-id")[:most])
