"""A log with a few events in it, and a hand that reaches into the tables the way no page can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as live

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.sealing import seal_events
from tenants.audit.services import record_event
from tenants.models import Tenant


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA = tmp_path
    return tmp_path


def write_events(tenant: Tenant, count: int, **fields: Any) -> list[Any]:
    with tenant_scope(tenant.id):
        return [
            record_event(
                EventName.CASE_MOVED, actor=SYSTEM, data={"from": "opened", "step": number}, **fields
            )
            for number in range(count)
        ]


@pytest.fixture
def sealed_log(tenant: Tenant) -> list[Any]:
    """Seven events, numbered and chained."""
    events = write_events(tenant, 7)
    seal_events(tenant.id)
    return events


@pytest.fixture
def tamper() -> Iterator[Callable[..., int]]:
    """`tamper(sql, *values)` as the role that owns the tables: append-only does not hold it back."""
    database = live.DATABASES["migrator"]
    address = {
        "host": database["HOST"],
        "port": database["PORT"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "dbname": live.DATABASES["default"]["NAME"],
    }
    with psycopg.connect(**address, autocommit=True) as door:

        def run(sql: str, *values: Any) -> int:
            return door.execute(sql, values).rowcount

        yield run
