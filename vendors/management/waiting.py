"""Waiting for the worker from a command line, and doing its work here where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.core.management.base import CommandParser

from portal.kit import clock, outbox
from portal.kit.errors import Unavailable
from portal.kit.scope import tenant_scope
from tenants.models import Outbox

Found = TypeVar("Found")
LOOK_SECONDS = 0.2
# So long a worker that is there is left alone with what is asked for.
GRACE_SECONDS = 3.0


def add_wait(parser: CommandParser) -> None:
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="how long to wait for the partner (default: %(default)s)",
    )


def wait_for(
    look: Callable[[], Found | None], *, tenant_id: UUID, topics: frozenset[str], seconds: float
) -> Found:
    """What `look` finds, in the tenant's scope, as soon as it finds something. Unavailable when the time is over."""
    begun = time.monotonic()
    while True:
        with tenant_scope(tenant_id):
            found = look()
        if found is not None:
            return found
        passed = time.monotonic() - begun
        if passed >= seconds:
            raise Unavailable("still_waiting", "The partner has not answered yet. Ask again later.")
        if passed >= GRACE_SECONDS:
            _work(tenant_id, topics)
        time.sleep(LOOK_SECONDS)


def _work(tenant_id: UUID, topics: frozenset[str]) -> None:
    due = Outbox.objects.filter(
        tenant_id=tenant_id,
        topic__in=topics,
        failed_at=None,
        available_at__lte=clock.now() + outbox.LEASE,
    )
    for row_id in list(due.order_by("created_at").values_list("id", flat=True)):
        outbox.run(row_id)
