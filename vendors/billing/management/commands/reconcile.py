"""`manage.py reconcile --tenant SLUG`: 0 when nothing is left that differs, 1 when something is left to a person, 2 when
it could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import ReadmitError
from tenants.models import Tenant
from vendors.billing.collecting.models import Payer, PaymentEvent
from vendors.billing.collecting.reading import kept_aside
from vendors.billing.collecting.reconciling import REPAIRED, Difference, reconcile

AGREED, LEFT, UNKNOWN = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "reconcile")


class Command(BaseCommand):
    help = "Compare the ledger with Stripe: payments are repaired from there, usage from here; report each difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.compare(options["tenant"], as_json=options["json"]))

    def compare(self, slug: str, *, as_json: bool) -> int:
        try:
            tenant = Tenant.objects.filter(slug=slug).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {slug}.")
                return LEFT
            if not settings.STRIPE_SECRET_KEY:
                self.stderr.write("There is no key to Stripe: set STRIPE_SECRET_KEY.")
                return UNKNOWN
            found = reconcile(tenant.id, actor=OPERATOR)
            aside = _aside_of(tenant)
        except (ReadmitError, DatabaseError) as problem:
            code = getattr(problem, "code", type(problem).__name__)
            self.stderr.write(f"Could not be found out: {code}")
            return UNKNOWN
        self._tell(slug, found, aside, as_json=as_json)
        return LEFT if any(difference.done not in REPAIRED for difference in found) else AGREED

    def _tell(
        self, slug: str, found: list[Difference], aside: list[dict[str, str]], *, as_json: bool
    ) -> None:
        if as_json:
            told = {"tenant": slug, "differences": [difference.told() for difference in found]}
            self.stdout.write(json.dumps({**told, "kept_aside": aside}))
            return
        for row in found:
            self.stdout.write(
                f"{row.kind} {row.object}: {row.what} ours [{row.ours}] theirs [{row.theirs}]: {row.done}"
            )
        for event in aside:
            self.stdout.write(f"kept aside: {event['event']} {event['type']}: {event['why']}")
        self.stdout.write(f"{slug}: {len(found)} differences, {len(aside)} events kept aside")


def _aside_of(tenant: Tenant) -> list[dict[str, str]]:
    """Events that could not be placed: the tenant's own, and those of nobody we know."""
    others = set(Payer.objects.exclude(tenant_id=tenant.id).values_list("customer", flat=True))
    return [_event(event) for event in kept_aside() if event.customer not in others]


def _event(event: PaymentEvent) -> dict[str, str]:
    return {
        "event": event.external_id,
        "type": event.name,
        "object": event.object_id,
        "customer": event.customer,
        "why": event.code,
    }
