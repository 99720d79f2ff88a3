"""Which of an organisation's partners a client of the bridge may use, and in which order they are offered.

A partner that rests, whose settings do not work, or that failed this very person, comes after the others; none is left out, for
the last one may be the only one. What it does not do: choose for the person.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from vendors import selectors
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.contract import ShowsCode
from vendors.health import resting
from vendors.models import Connection
from vendors.registry import adapter_of


@dataclass(frozen=True, slots=True)
class Way:
    """One partner, as a person reads it."""

    connection: Connection
    title: str
    by_eid: bool


def may_serve(connection: Connection) -> bool:
    """An eID, or a partner that hands over a portrait to compare with; not one whose page would be ours."""
    vendor = connection.vendor
    if isinstance(adapter_of(vendor), ShowsCode):
        return False
    return selectors.is_eid(vendor) or selectors.gives_portrait(vendor)


def choosable() -> list[Connection]:
    """For the form of a client."""
    return [one for one in selectors.connections() if may_serve(one)]


def ready(client: BridgeClient) -> list[Connection]:
    """Those of the client's that the organisation still has and did not pause, in the client's order. One query."""
    there = {
        str(one.id): one
        for one in selectors.connections()
        if one.paused_at is None and one.status in (Connection.Status.READY, Connection.Status.FAILING)
    }
    found = [there[name] for name in client.partners if name in there]
    if client.mode == BridgeClient.Mode.PRODUCTION:
        found = [one for one in found if selectors.may_be_used_in_production(one.vendor)]
    return [one for one in found if may_serve(one)]


def ways_for(client: BridgeClient, run: BridgeRun) -> list[Way]:
    found = ready(client)
    rest = resting(one.id for one in found) if len(found) > 1 else frozenset()

    def by_doubt(one: Connection) -> tuple[bool, bool, bool]:
        return one.vendor in run.failed_vendors, one.status != Connection.Status.READY, one.id in rest

    return [way_of(one) for one in sorted(found, key=by_doubt)]


def way_of(connection: Connection) -> Way:
    return Way(connection, _(selectors.listing(connection.vendor).title), selectors.is_eid(connection.vendor))
