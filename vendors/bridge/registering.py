"""An organisation's clients: entered, changed, put into production, paused, removed; and their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor
from portal.kit.codes import digest, new_token
from portal.kit.errors import Invalid, NotHere, Refused
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.bridge import keys
from vendors.bridge.models import BridgeClient, BridgeRun, BridgeSecret
from vendors.bridge.partners import ready
from vendors.bridge.running import stop_for_client
from vendors.bridge.statuses import ENDS

FIELDS = (
    "name",
    "serves",
    "redirect_uris",
    "proof",
    "jwks",
    "partners",
    "claims",
    "face_check",
    "daily_runs",
)
MOST_CLIENTS = 20
OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MadeSecret:
    """Shown once, on the page that answers the form."""

    client: BridgeClient
    text: str = field(repr=False)


def clients() -> list[BridgeClient]:
    return list(BridgeClient.objects.filter(removed_at=None).order_by("created_at", "id"))


def values_of(client: BridgeClient) -> dict[str, Any]:
    return {name: getattr(client, name) for name in FIELDS}


def client_here(client_id: UUID) -> BridgeClient:
    found = BridgeClient.objects.filter(id=client_id, removed_at=None).first()
    if found is None:
        raise NotHere("bridge_client_unknown")
    return found


def _locked(client_id: UUID) -> BridgeClient:
    found = BridgeClient.objects.select_for_update().filter(id=client_id, removed_at=None).first()
    if found is None:
        raise NotHere("bridge_client_unknown")
    return found


def _require_own_name(client: BridgeClient, name: str) -> None:
    if BridgeClient.objects.filter(name=name, removed_at=None).exclude(id=client.id).exists():
        raise Invalid(
            "name_taken",
            _("Another client has this name. People read it: give it one of its own."),
            field="name",
        )


@transaction.atomic
def create_client(*, given: Mapping[str, Any], actor: Actor) -> MadeSecret | BridgeClient:
    """It begins in evaluation. With its secret, where it proves itself by one."""
    keys.hold_bridges()
    if BridgeClient.objects.filter(removed_at=None).count() >= MOST_CLIENTS:
        raise Invalid("too_many_clients", _("There are twenty clients. Remove one that is not used."))
    client = BridgeClient(**{name: given[name] for name in FIELDS})
    _require_own_name(client, client.name)
    keys.ensure_key()
    client.save(force_insert=True)
    record_event(
        EventName.BRIDGE_CLIENT_CREATED,
        actor=actor,
        subject=client.public_id,
        data={"serves": client.serves, "proof": client.proof, "redirect_uris": list(client.redirect_uris)},
    )
    return _make_secret(client, actor) if client.proof == BridgeClient.Proof.SECRET else client


@transaction.atomic
def change_client(
    client_id: UUID, *, given: Mapping[str, Any], actor: Actor, seen: str | None = None
) -> BridgeClient:
    """How it proves itself stays as it was made: another way is another client. ChangedMeanwhile as other forms."""
    keys.hold_bridges()
    client = _locked(client_id)
    require_unchanged(seen, values_of(client))
    _require_own_name(client, given["name"])
    changed = [name for name in FIELDS if name in given and getattr(client, name) != given[name]]
    if "proof" in changed:
        raise Invalid(
            "proof_stays", _("How a client proves itself stays. Make another client."), field="proof"
        )
    for name in changed:
        setattr(client, name, given[name])
    if changed:
        client.save(update_fields=changed)
        record_event(
            EventName.BRIDGE_CLIENT_CHANGED,
            actor=actor,
            subject=client.public_id,
            data={
                "changed": changed,
                "face_check": client.face_check,
                "redirect_uris": list(client.redirect_uris),
            },
        )
    return client


# ------------------------------------------------------------------ secrets


def _make_secret(client: BridgeClient, actor: Actor) -> MadeSecret:
    text = new_token()
    row = BridgeSecret.objects.create(client=client, digest=digest(text))
    record_event(
        EventName.BRIDGE_PROOF_MADE, actor=actor, subject=client.public_id, data={"secret": row.public_id}
    )
    return MadeSecret(client, text)


def secrets_of(client: BridgeClient) -> list[BridgeSecret]:
    """Those that work, the newest first."""
    rows = BridgeSecret.objects.filter(client=client).order_by("-created_at", "-id")
    return [row for row in rows if row.ends_at is None or row.ends_at > clock.now()]


@transaction.atomic
def replace_secret(client_id: UUID, *, actor: Actor) -> MadeSecret:
    """The one in use works on for a week, unless somebody ends it before. At most two work at a time."""
    client = _locked(client_id)
    if client.proof != BridgeClient.Proof.SECRET:
        raise Refused("no_secret", _("This client proves itself by a key of its own."))
    moment = clock.now()
    for row in BridgeSecret.objects.filter(client=client).order_by("id"):
        if row.ends_at is not None:
            _end_secret(client, row, actor)
    BridgeSecret.objects.filter(client=client).update(ends_at=moment + OVERLAP)
    return _make_secret(client, actor)


@transaction.atomic
def end_secret(client_id: UUID, secret_id: UUID, *, actor: Actor) -> None:
    """A former secret stops at once. Quiet when it is gone; the one in use is replaced, not ended."""
    client = _locked(client_id)
    row = BridgeSecret.objects.filter(client=client, id=secret_id).exclude(ends_at=None).first()
    if row is not None:
        _end_secret(client, row, actor)


def _end_secret(client: BridgeClient, row: BridgeSecret, actor: Actor) -> None:
    named = row.public_id
    row.delete()
    record_event(EventName.BRIDGE_PROOF_ENDED, actor=actor, subject=client.public_id, data={"secret": named})


# ------------------------------------------------------------------ what it may do


@transaction.atomic
def set_mode(client_id: UUID, mode: BridgeClient.Mode, *, actor: Actor) -> BridgeClient:
    """Refused for production where no partner of the client may be used there."""
    client = _locked(client_id)
    if client.mode == mode:
        return client
    client.mode = mode
    if mode == BridgeClient.Mode.PRODUCTION and not ready(client):
        raise Refused(
            "no_partner",
            _(
                "None of its partners may be used in production: choose one that works, is not paused, and whose contract is confirmed."
            ),
        )
    client.save(update_fields=["mode"])
    record_event(
        EventName.BRIDGE_CLIENT_MODE_CHANGED, actor=actor, subject=client.public_id, data={"mode": mode.value}
    )
    return client


@transaction.atomic
def pause_client(client_id: UUID, *, paused: bool, actor: Actor) -> None:
    """Nobody new is sent here by it; whoever is under way finishes. Quiet when it is so already."""
    client = _locked(client_id)
    if (client.paused_at is not None) == paused:
        return
    client.paused_at = clock.now() if paused else None
    client.save(update_fields=["paused_at"])
    name = EventName.BRIDGE_CLIENT_PAUSED if paused else EventName.BRIDGE_CLIENT_UNPAUSED
    record_event(name, actor=actor, subject=client.public_id)


def under_way(client: BridgeClient) -> list[UUID]:
    rows = BridgeRun.objects.filter(client=client).exclude(status__in=ENDS)
    return list(rows.order_by("id").values_list("id", flat=True))


@transaction.atomic
def remove_client(client_id: UUID, *, actor: Actor) -> None:
    """Its secrets are destroyed, whoever is under way stops, and no answer that waits is handed out. Its runs stay in the list
    of the ledger and the audit log."""
    client = _locked(client_id)
    client.removed_at = clock.now()
    client.jwks = {}
    client.save(update_fields=["removed_at", "jwks"])
    BridgeSecret.objects.filter(client=client).delete()
    stop_for_client(under_way(client), why="client_removed", actor=actor)
    record_event(EventName.BRIDGE_CLIENT_REMOVED, actor=actor, subject=client.public_id)
