"""Destroying sets of keys that lie beside the one in use. The rows go, and the sealed values with them."""

from __future__ import annotations

from portal.kit.actors import Actor
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.models import Connection, PartnerKeys


def destroy_beside(connection: Connection, *, actor: Actor) -> None:
    """All of them. The caller holds the connection's row."""
    for row in PartnerKeys.objects.filter(connection=connection).order_by("id"):
        destroy_set(connection, row, actor=actor)


def destroy_set(connection: Connection, row: PartnerKeys, *, actor: Actor) -> None:
    """Told only if there was something to destroy. The caller holds the connection's row."""
    held = row.secrets_sealed is not None
    row.delete()
    if held:
        record_event(
            EventName.PARTNER_KEYS_DESTROYED,
            actor=actor,
            subject=connection.public_id,
            data={"vendor": connection.vendor, "settings": row.names},
        )
