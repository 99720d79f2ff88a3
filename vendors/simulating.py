"""The simulator of a partner, kept by a process beside ours that starts it when it is asked to (decision 0034).

Protects partners from being played where it counts: nothing is offered in production, and what a simulator answered opens no
account (`vendors.leases`). Whoever asks hands over their organisation's id and a key of the registry, and nothing they typed.
What it does not do: start programs. Its calls leave the process, so no transaction is open while they are made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit.errors import Invalid, NotHere, Unavailable
from vendors.registry import ADAPTERS, adapter_of, entry_of, is_listed

# Longer than it waits for a simulator itself.
ASK_SECONDS = 8.0
FULL = {
    "own_many": (
        "simulators_own_many",
        gettext_noop(
            "Four simulators of your organisation run already: %(names)s. Stop one on its own page, then start this one."
        ),
    ),
    "too_many": (
        "simulators_many",
        gettext_noop(
            "Eight simulators run on this machine already. Each ends a quarter of an hour after its last use: try again then."
        ),
    ),
    "no_port": ("simulators_no_port", gettext_noop("No port of this machine is free for another simulator.")),
}


@dataclass(frozen=True, slots=True)
class Simulator:
    """What there is of one at this moment. `settings` holds keys: they go into a connection and nowhere else."""

    state: str  # stopped, starting, running, silent; away where nobody keeps simulators now
    why: str = ""  # of a stopped one: died, idle, not_started
    address: str = ""
    scenario: str = ""
    scenarios: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    idle_minutes: int = 0

    @property
    def tunnel(self) -> str:
        """What `ssh` is told so that another machine reaches it, too."""
        port = urlsplit(self.address).port
        return f"-L {port}:127.0.0.1:{port}"


def has_simulator(vendor: str) -> bool:
    """Whether the console offers one: never in production, and only where somebody keeps them."""
    return bool(
        not settings.IS_PRODUCTION
        and settings.SIMULATORS_URL
        and is_listed(vendor)
        and entry_of(vendor).simulator
    )


def simulator_of(tenant_id: UUID, vendor: str) -> Simulator:
    status, told = _ask("GET", tenant_id, vendor)
    return _read(told) if status == 200 else Simulator("away")


def start_simulator(tenant_id: UUID, vendor: str) -> Simulator:
    """Quiet when it runs. Invalid when too many do, Unavailable when nobody keeps simulators now."""
    status, told = _ask("POST", tenant_id, vendor, "start")
    if status == 409 and told.get("refused") in FULL:
        code, sentence = FULL[told["refused"]]
        raise Invalid(code, _(sentence) % {"names": _named(told.get("running", ()))})
    return _read_or_away(status, told)


def _named(keys: Sequence[str]) -> str:
    """Whom they play: some play several partners."""
    titles = [
        _(adapter_of(vendor).listing.title) for vendor, entry in ADAPTERS.items() if entry.simulator in keys
    ]
    return ", ".join(titles)


def stop_simulator(tenant_id: UUID, vendor: str) -> Simulator:
    """Quiet when it does not run."""
    return _read_or_away(*_ask("POST", tenant_id, vendor, "stop"))


def tell_simulator(
    tenant_id: UUID, vendor: str, *, scenario: str | None = None, webhook_url: str | None = None
) -> Simulator:
    """How sessions end from now on (empty: the person at its page chooses), or where its events go. Invalid when it does not
    run, or knows no such end."""
    told = {
        name: value
        for name, value in (("scenario", scenario), ("webhook_url", webhook_url))
        if value is not None
    }
    status, found = _ask("POST", tenant_id, vendor, "set", told)
    if status == 404:
        raise Invalid(
            "simulator_not_told", _("It does not run any more, or knows no such end. Start it again.")
        )
    return _read_or_away(status, found)


def _read_or_away(status: int, told: Mapping[str, Any]) -> Simulator:
    if status != 200:
        raise Unavailable(
            "simulators_away", _("Nobody keeps simulators on this machine right now. Try again.")
        )
    return _read(told)


def _read(told: Mapping[str, Any]) -> Simulator:
    names = ("state", "why", "address", "scenario", "scenarios", "settings", "idle_minutes")
    return Simulator(**{name: told[name] for name in names if name in told})


def _ask(
    method: str, tenant_id: UUID, vendor: str, verb: str = "", told: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status 0 where nobody answers."""
    if not has_simulator(vendor):
        raise NotHere("simulator_not_offered")
    if database.in_atomic_block:
        raise RuntimeError("nobody is asked while a transaction is open")
    path = f"/simulators/{tenant_id.hex}/{entry_of(vendor).simulator}" + (f"/{verb}" if verb else "")
    headers = {"Authorization": f"Bearer {settings.SIMULATORS_TOKEN}", "Content-Type": "application/json"}
    parts = urlsplit(settings.SIMULATORS_URL)
    door = HTTPConnection(parts.hostname or "", parts.port, timeout=ASK_SECONDS)
    try:
        door.request(method, path, body=json.dumps(told) if told is not None else None, headers=headers)
        answer = door.getresponse()
        found = json.loads(answer.read())
    except (OSError, HTTPException, ValueError):
        return 0, {}
    finally:
        door.close()
    return answer.status, found if isinstance(found, dict) else {}
