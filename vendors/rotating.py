"""New keys for a partner beside the ones in use, and the former ones kept for a while.

Protects people who are at the partner while keys are changed, and the organisation from keys that do not work: a new set is
sealed, tested as the connection is, and only then put into use; whoever began with the former set goes on with it, and
webhooks are believed under both. What it does not do: change keys at the partner, or keep a set that failed its test.
Everybody locks the connection first, then a set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid
from portal.kit.ids import uuid7
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.connecting import asked_for, enqueue_test, locked_connection, missing_secret, secrets_after
from vendors.context import LONGEST_KEPT, former_keys, open_keys, open_secrets, seal_keys, seal_secrets
from vendors.contract import ConfigProblem, Registers
from vendors.keeping import destroy_set
from vendors.models import Connection, PartnerKeys, ProofingAttempt
from vendors.phases import OPEN
from vendors.registry import adapter_of

# How long a set waits to be put into use.
KEPT_WAITING = timedelta(days=7)
# How long a former set is kept at least. An attempt lasts 35 minutes; with somebody still there it is longer, up to
# LONGEST_KEPT.
KEPT_FORMER = timedelta(hours=1)
# The partner is asked to erase, with the keys the session was begun with, this soon after its end.
ERASED_WITHIN = timedelta(minutes=45)
LOOK_AGAIN = timedelta(minutes=5)
MOST_FORMER = 3


def has_keys(vendor: str) -> bool:
    """It is used with keys that an administrator enters. Those of a registration are the partner's to change."""
    adapter = adapter_of(vendor)
    return not isinstance(adapter, Registers) and any(
        field.kind == "secret" for field in adapter.manifest.fields
    )


def waiting_set(connection: Connection) -> PartnerKeys | None:
    """The set that was entered and is not in use."""
    return PartnerKeys.objects.filter(connection=connection, replaced_at=None).first()


def standing_of(connection: Connection, waiting: PartnerKeys | None) -> str:
    """Which set is in use and which one waits: what a page of it was drawn from."""
    return f"{connection.keys_in_use.hex}.{waiting.set_id.hex if waiting else ''}"


def enter_keys(
    connection_id: UUID, *, secrets: Mapping[str, str], actor: Actor, seen: str | None = None
) -> PartnerKeys:
    """Keep new keys beside the ones in use and test them. What is left empty stays as it is in use; a set that waited goes.
    Invalid when nothing is new, and when somebody changed what the page had `seen`."""
    connection = locked_connection(connection_id)
    earlier = waiting_set(connection)
    if seen is not None and seen != standing_of(connection, earlier):
        raise Invalid(
            "keys_changed_meanwhile",
            _(
                "A colleague changed these keys while you had the page open. Look at it, then enter yours again."
            ),
        )
    given = {name: value for name, value in secrets.items() if value}
    manifest, present = adapter_of(connection.vendor).manifest, open_secrets(connection)
    values = secrets_after(manifest, present, given)
    absent = missing_secret(manifest, values)
    if absent is not None:
        raise Invalid("credential_missing", asked_for(manifest, absent), field=absent)
    if values == present:
        raise Invalid("keys_not_new", _("Enter at least one key that is not the one in use."))
    if earlier is not None:
        destroy_set(connection, earlier, actor=actor)
    row = PartnerKeys(
        connection=connection, set_id=uuid7(), names=sorted(given), kept_until=clock.now() + KEPT_WAITING
    )
    row.secrets_sealed = seal_keys(row, values)
    row.save(force_insert=True)
    _tell(EventName.PARTNER_KEYS_ENTERED, connection, row, actor)
    enqueue("vendors.test_keys", tenant_id=current_tenant_id(), keys_id=row.id)
    _plan_end(row)
    return row


def use_keys(connection_id: UUID, set_id: UUID, *, actor: Actor) -> Connection:
    """Put a tested set into use, or a former one back. The one that was in use becomes a former one. Quiet when it is in
    use already; Invalid when it was not tested well or is not kept any more."""
    connection = locked_connection(connection_id)
    if connection.keys_in_use == set_id:
        return connection
    row = PartnerKeys.objects.filter(connection=connection, set_id=set_id).first()
    if row is None or row.secrets_sealed is None or _is_over(row):
        raise Invalid("keys_gone", _("These keys are not kept any more. Nothing was changed."))
    if row.replaced_at is None and (row.tested_at is None or row.problems):
        raise Invalid("keys_not_tested", _("These keys are still being tested. Nothing was changed."))
    values = open_keys(row)
    _keep_former(connection, row.names)
    is_back = row.replaced_at is not None
    _tell(EventName.PARTNER_KEYS_RESTORED if is_back else EventName.PARTNER_KEYS_USED, connection, row, actor)
    row.delete()
    connection.secrets_sealed = seal_secrets(connection, values)
    connection.keys_id = set_id
    connection.memory = {}
    connection.problems = []
    if connection.status == Connection.Status.FAILING:
        connection.status = Connection.Status.READY
    connection.save(update_fields=["secrets_sealed", "keys_id", "memory", "problems", "status"])
    for old in former_keys(connection)[MOST_FORMER:]:
        destroy_set(connection, old, actor=actor)
    # Keys that worked a week or an hour ago may have been revoked since.
    enqueue_test(connection)
    return connection


def _keep_former(connection: Connection, names: Sequence[str]) -> None:
    moment = clock.now()
    former = PartnerKeys(
        connection=connection,
        set_id=connection.keys_in_use,
        names=list(names),
        tested_at=connection.tested_at,
        replaced_at=moment,
        kept_until=moment + KEPT_FORMER,
    )
    former.secrets_sealed = seal_keys(former, open_secrets(connection))
    former.save(force_insert=True)
    _plan_end(former)


def discard_keys(connection_id: UUID, set_id: UUID, *, actor: Actor) -> None:
    """Destroy a set that waits. Quiet when it is gone; Invalid when somebody put it into use."""
    connection = locked_connection(connection_id)
    if connection.keys_in_use == set_id:
        raise Invalid("keys_in_use", _("A colleague put these keys into use. Nothing was changed."))
    row = PartnerKeys.objects.filter(connection=connection, set_id=set_id, replaced_at=None).first()
    if row is not None:
        destroy_set(connection, row, actor=actor)


# ------------------------------------------------------------------ what the worker does


def waiting_for_test(row_id: UUID) -> PartnerKeys | None:
    found = PartnerKeys.objects.select_related("connection").filter(id=row_id, replaced_at=None).first()
    return found if found is not None and found.tested_at is None else None


def note_test(row_id: UUID, problems: Sequence[ConfigProblem]) -> None:
    """With a problem the values are destroyed and only the reason stays. Quiet when the set is gone meanwhile."""
    found = waiting_for_test(row_id)
    if found is None:
        return
    connection = locked_connection(found.connection_id)
    row = waiting_for_test(row_id)
    if row is None:
        return
    row.tested_at = clock.now()
    row.problems = [asdict(problem) for problem in problems]
    if problems:
        row.secrets_sealed = None
    row.save(update_fields=["tested_at", "problems", "secrets_sealed"])
    _tell(
        EventName.PARTNER_KEYS_REFUSED if problems else EventName.PARTNER_KEYS_TESTED,
        connection,
        row,
        SYSTEM,
        problems=[f"{problem.setting}:{problem.code}" for problem in problems],
    )


def destroy_when_over(row_id: UUID) -> None:
    """Quiet when the set is gone. A former one that somebody began with waits for them, within bounds."""
    found = PartnerKeys.objects.filter(id=row_id).first()
    if found is None:
        return
    connection = locked_connection(found.connection_id)
    row = PartnerKeys.objects.filter(id=row_id).first()
    if row is None:
        return
    if row.replaced_at is not None and not _is_over(row) and _is_needed(row):
        row.kept_until = min(clock.now() + LOOK_AGAIN, row.replaced_at + LONGEST_KEPT)
        row.save(update_fields=["kept_until"])
        _plan_end(row)
        return
    destroy_set(connection, row, actor=SYSTEM)


def _is_over(row: PartnerKeys) -> bool:
    return row.replaced_at is not None and row.replaced_at + LONGEST_KEPT <= clock.now()


def _begun_with(row: PartnerKeys) -> Q:
    named = Q(keys_id=row.set_id)
    return named | Q(keys_id=None, started_at__isnull=False) if row.set_id == row.connection_id else named


def still_there(row: PartnerKeys) -> int:
    """How many people are at the partner who began with this set."""
    begun = ProofingAttempt.objects.filter(_begun_with(row), connection_id=row.connection_id)
    return begun.filter(phase__in=OPEN).count()


def _is_needed(row: PartnerKeys) -> bool:
    begun = ProofingAttempt.objects.filter(_begun_with(row), connection_id=row.connection_id)
    return begun.filter(Q(phase__in=OPEN) | Q(ended_at__gt=clock.now() - ERASED_WITHIN)).exists()


def _plan_end(row: PartnerKeys) -> None:
    enqueue(
        "vendors.destroy_keys", tenant_id=current_tenant_id(), available_at=row.kept_until, keys_id=row.id
    )


def _tell(name: EventName, connection: Connection, row: PartnerKeys, actor: Actor, **more: list[str]) -> None:
    record_event(
        name,
        actor=actor,
        subject=connection.public_id,
        data={"vendor": connection.vendor, "settings": row.names, **more},
    )
