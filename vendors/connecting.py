"""Choosing a partner, bringing one's own, testing and removing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection as database
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid, NotHere
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.billing.selectors import contract_price_at
from vendors.billing.services import enter_contract_price
from vendors.buying import require_bought, tell_purchase
from vendors.context import open_secrets, seal_secrets
from vendors.contract import (
    AdapterError,
    BadConfig,
    ConfigProblem,
    Connected,
    Manifest,
    PartnerAuthFailed,
    Registers,
)
from vendors.endings import fail_attempt
from vendors.keeping import destroy_beside
from vendors.leaving import begin_leaving
from vendors.models import Connection, ProofingAttempt
from vendors.phases import OPEN
from vendors.registry import adapter_of, entry_of, listed_as, own_name
from vendors.titles import require_title

# Of one listing, beside the one without a name.
MOST_NAMED = 10


def _in_use(vendor: str) -> Connection | None:
    return (
        Connection.objects.select_for_update()
        .filter(vendor=vendor)
        .exclude(status=Connection.Status.REMOVED)
        .first()
    )


def _still_there(connection_id: UUID) -> Connection | None:
    rows = Connection.objects.select_for_update().exclude(status=Connection.Status.REMOVED)
    return rows.filter(id=connection_id).first()


def locked_connection(connection_id: UUID) -> Connection:
    """NotHere if it is unknown or was removed."""
    found = _still_there(connection_id)
    if found is None:
        raise NotHere("connection_unknown")
    return found


def choose_partner(vendor: str, *, actor: Actor) -> Connection:
    """Begin a connection that the partner makes by registration. Quiet when the partner is chosen already."""
    entry = entry_of(vendor)
    if not isinstance(adapter_of(vendor), Registers):
        raise Invalid("partner_needs_settings", _("This partner needs settings: fill in its form."))
    _hold(vendor)
    known = _in_use(vendor)
    if known is not None:
        return known
    connection = _create(vendor, entry.kind, actor)
    enqueue("vendors.connect", tenant_id=current_tenant_id(), connection_id=connection.id)
    return connection


def _hold(vendor: str) -> None:
    """Until the end of the transaction nobody else begins a connection to the vendor. Taken before a connection's row is: a second
    one that was inserted beside a first would find it there, or removed meanwhile, and either is no reason to fail."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"partner:{current_tenant_id()}:{vendor}"],
        )


def _create(vendor: str, kind: str, actor: Actor) -> Connection:
    """The caller holds the vendor and found none in use."""
    require_bought(vendor, kind)
    _require_room(vendor)
    connection = Connection(vendor=vendor, kind=kind)
    connection.save(force_insert=True)
    record_event(
        EventName.PARTNER_CONNECTED,
        actor=actor,
        subject=connection.public_id,
        data={"vendor": vendor, "kind": kind},
    )
    tell_purchase(connection)
    return connection


def _require_room(vendor: str) -> None:
    if not own_name(vendor):
        return
    rows = Connection.objects.filter(vendor__startswith=f"{listed_as(vendor)}-")
    if rows.exclude(status=Connection.Status.REMOVED).count() >= MOST_NAMED:
        raise Invalid("partners_many", _("There are ten of these connections. Remove one first."))


def settings_of(connection: Connection | None, names: Iterable[str]) -> dict[str, str]:
    """The settings that are no secret, by name; empty where there is none."""
    return {name: connection.config.get(name, "") if connection else "" for name in names}


def secrets_after(manifest: Manifest, kept: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What is stored once these are given: the rest stays, but for what stands in the place of one that was given."""
    replaced = {field.instead_of for field in manifest.fields if field.name in given} - {""}
    groups = {field.name: field.instead_of for field in manifest.fields}
    staying = {name: value for name, value in kept.items() if groups.get(name, "") not in replaced}
    return {**staying, **given}


def missing_secret(manifest: Manifest, held: Mapping[str, str]) -> str | None:
    """The first setting that is still needed; of those that stand in each other's place one is enough."""
    secret = [field for field in manifest.fields if field.kind == "secret"]
    groups = {field.instead_of for field in secret if field.name in held}
    for field in secret:
        wanted = field.required or (field.instead_of and field.instead_of not in groups)
        if wanted and field.name not in held:
            return field.name
    return None


def asked_for(manifest: Manifest, name: str) -> str:
    """The sentence that asks for it."""
    field = next(field for field in manifest.fields if field.name == name)
    if field.instead_of:
        return _("Enter a client secret or a private key.")
    return _("Enter this: %(setting)s.") % {"setting": _(field.label)}


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """What the tenant pays for one decision under its own contract."""

    unit_price: Decimal
    currency: str


def terms_of(vendor: str) -> ContractTerms | None:
    """The price in force, None until one was entered."""
    found = contract_price_at(vendor, clock.now())
    return ContractTerms(found.unit_price, found.currency) if found else None


def shown_terms(terms: ContractTerms | None) -> dict[str, str]:
    """As a form's fields hold them; empty where there are none."""
    if terms is None:
        return {"unit_price": "", "currency": ""}
    return {"unit_price": f"{terms.unit_price.normalize():f}", "currency": terms.currency}


def bring_own_partner(
    vendor: str,
    *,
    config: Mapping[str, str],
    secrets: Mapping[str, str],
    actor: Actor,
    terms: ContractTerms | None = None,
    title: str | None = None,
    seen: str | None = None,
) -> Connection:
    """Connect a partner by settings, or change them. A secret that is left empty stays as it was; naming one kind of
    secret replaces the other. The settings are tested at once. With `terms` decisions count at that price from now on.
    `title`: what people read, for one of several; the rest has none.
    ChangedMeanwhile when settings or price are not what the page had `seen`."""
    entry = entry_of(vendor)
    _hold(vendor)
    connection = _in_use(vendor)
    # Whoever changes the price holds the connection's row, so that nobody enters another between look and entry.
    priced = terms_of(vendor)
    known = settings_of(connection, config) | (shown_terms(priced) if terms or seen else {})
    require_unchanged(seen, known | ({"title": connection.title if connection else ""} if title else {}))
    if title:
        title = require_title(vendor, title) if own_name(vendor) else ""
    connection = connection or _create(vendor, entry.kind, actor)
    given = {name: value for name, value in secrets.items() if value}
    manifest = adapter_of(vendor).manifest
    kept = secrets_after(manifest, open_secrets(connection), given)
    absent = missing_secret(manifest, kept)
    if absent is not None:
        raise Invalid("credential_missing", asked_for(manifest, absent), field=absent)
    changed = sorted(name for name, value in config.items() if connection.config.get(name, "") != value)
    if changed or given:
        # What lies beside was tried with other settings than these.
        destroy_beside(connection, actor=actor)
    connection.config = {name: value for name, value in config.items() if value}
    connection.secrets_sealed = seal_secrets(connection, kept)
    connection.memory = {}
    connection.status = Connection.Status.CONNECTING
    connection.problems = []
    if title and title != connection.title:
        connection.title = title
        changed.append("title")
    connection.save(update_fields=["title", "config", "secrets_sealed", "memory", "status", "problems"])
    tell_purchase(connection)
    record_event(
        EventName.PARTNER_CHANGED,
        actor=actor,
        subject=connection.public_id,
        data={"vendor": vendor, "settings": [*changed, *sorted(given)]},
    )
    if terms is not None and terms != priced:
        enter_contract_price(vendor=vendor, unit_price=terms.unit_price, currency=terms.currency, actor=actor)
    enqueue_test(connection)
    return connection


def ask_for_test(connection_id: UUID, *, actor: Actor) -> Connection:
    """Try the settings, or the registration again if it never came to an end."""
    connection = locked_connection(connection_id)
    if isinstance(adapter_of(connection.vendor), Registers) and not connection.config.get("client_id"):
        connection.status = Connection.Status.CONNECTING
        connection.problems = []
        connection.save(update_fields=["status", "problems"])
        enqueue("vendors.connect", tenant_id=current_tenant_id(), connection_id=connection.id)
        return connection
    enqueue_test(connection)
    return connection


def enqueue_test(connection: Connection) -> None:
    """The caller holds the connection's row."""
    connection.test_asked_at = clock.now()
    connection.save(update_fields=["test_asked_at"])
    enqueue("vendors.test_connection", tenant_id=current_tenant_id(), connection_id=connection.id)


def pause_partner(connection_id: UUID, *, actor: Actor) -> Connection:
    """Send nobody new there; whoever is there already finishes. Quiet when it is paused."""
    connection = locked_connection(connection_id)
    if connection.paused_at is None:
        connection.paused_at = clock.now()
        connection.save(update_fields=["paused_at"])
        _tell_pause(EventName.PARTNER_PAUSED, connection, actor)
    return connection


def unpause_partner(connection_id: UUID, *, actor: Actor) -> Connection:
    """Use it again. Invalid for one that is paid through us and is not bought any more."""
    connection = locked_connection(connection_id)
    require_bought(connection.vendor, connection.kind)
    if connection.paused_at is not None:
        connection.paused_at = None
        connection.save(update_fields=["paused_at"])
        _tell_pause(EventName.PARTNER_UNPAUSED, connection, actor)
    return connection


def _tell_pause(name: EventName, connection: Connection, actor: Actor) -> None:
    record_event(name, actor=actor, subject=connection.public_id, data={"vendor": connection.vendor})


def remove_partner(connection_id: UUID, *, actor: Actor, erases: bool = False) -> Connection:
    """Destroy the settings and end every open attempt at once. Nothing is undone by choosing the partner again. With `erases`
    the partner is asked to erase every session, and keys and settings stay sealed for that alone (vendors.leaving)."""
    connection = locked_connection(connection_id)
    open_attempts = list(
        ProofingAttempt.objects.filter(connection=connection, phase__in=OPEN)
        .order_by("id")
        .values_list("id", flat=True)
    )
    for attempt_id in open_attempts:
        fail_attempt(attempt_id, code="partner_removed")
    connection.status = Connection.Status.REMOVED
    connection.removed_at = clock.now()
    to_erase = begin_leaving(connection, open_attempts) if erases else 0
    if not to_erase:
        connection.secrets_sealed = None
        connection.config = {}
    connection.memory = {}
    destroy_beside(connection, actor=actor)
    connection.save(
        update_fields=["status", "removed_at", "keys_kept_until", "secrets_sealed", "config", "memory"]
    )
    tell_purchase(connection)
    record_event(
        EventName.PARTNER_DISCONNECTED,
        actor=actor,
        subject=connection.public_id,
        data={
            "vendor": connection.vendor,
            "attempts_ended": len(open_attempts),
            "sessions_to_erase": to_erase,
        },
    )
    return connection


# ------------------------------------------------------------------ what the worker reports


def complete_connection(connection_id: UUID, connected: Connected) -> None:
    """The partner registered us. Quiet when the tenant removed it meanwhile."""
    connection = _still_there(connection_id)
    if connection is None:
        return
    connection.config = dict(connected.config)
    connection.secrets_sealed = seal_secrets(connection, connected.secrets)
    connection.status = Connection.Status.READY
    connection.problems = []
    connection.save(update_fields=["config", "secrets_sealed", "status", "problems"])
    tell_purchase(connection)
    record_event(
        EventName.PARTNER_TESTED,
        actor=SYSTEM,
        subject=connection.public_id,
        data={"vendor": connection.vendor, "registered": True},
    )


def note_problems(
    connection_id: UUID,
    problems: Sequence[ConfigProblem],
    *,
    final: bool = True,
    keys_id: UUID | None = None,
) -> None:
    """What a test or an attempt found. No problem means ready; `final` False: still trying. Quiet when the tenant
    removed the partner meanwhile, and for a set of keys, `keys_id`, that is not in use any more."""
    connection = _still_there(connection_id)
    if connection is None or keys_id not in (None, connection.keys_in_use):
        return
    connection.problems = [asdict(problem) for problem in problems]
    connection.tested_at = clock.now()
    if not problems:
        connection.status = Connection.Status.READY
    elif final:
        connection.status = Connection.Status.FAILING
    connection.save(update_fields=["problems", "tested_at", "status"])
    tell_purchase(connection)
    if final:
        record_event(
            EventName.PARTNER_FAILING if problems else EventName.PARTNER_TESTED,
            actor=SYSTEM,
            subject=connection.public_id,
            data={
                "vendor": connection.vendor,
                "problems": [f"{problem.setting}:{problem.code}" for problem in problems],
            },
        )


def problem_of(error: AdapterError, manifest: Manifest) -> ConfigProblem:
    """The setting behind an error, as far as the error tells: else the one that says who is asked, or the first."""
    answered = error.answered or str(error.http_status or "")
    secret = next((field.name for field in manifest.fields if field.kind == "secret"), "client_secret")
    first = manifest.fields[0].name if manifest.fields else "issuer"
    if isinstance(error, BadConfig):
        return ConfigProblem(error.setting or first, error.code, answered)
    return ConfigProblem(secret if isinstance(error, PartnerAuthFailed) else first, error.code, answered)
