"""`manage.py subscribe --tenant SLUG --plan PLAN --from TIME`: 0 done or done before, 1 refused, 2 could not be found out.

The first call begins the subscription and decides its periods; a later one changes the plan."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.book import zone_named
from vendors.billing.models import Subscription
from vendors.billing.services import begin_subscription, change_plan

DONE, REFUSED, UNKNOWN = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "subscribe")


class Command(BaseCommand):
    help = "Begin an organisation's subscription, or change its plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--plan", default="standard")
        parser.add_argument(
            "--from",
            dest="at",
            metavar="TIME",
            required=True,
            help="2026-01-31 or 2026-01-31T09:00, in the time zone",
        )
        parser.add_argument("--time-zone", help="of its periods; the organisation's unless named")
        parser.add_argument("--currency", action="append", help="the first is the plan's; EUR unless named")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.subscribe(options))

    def subscribe(self, options: dict[str, Any]) -> int:
        try:
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {options['tenant']}.")
                return REFUSED
            with tenant_scope(tenant.id):
                row = _write(tenant, options)
        except ValueError:
            self.stderr.write("--from is a date or a time, for example 2026-01-31T09:00.")
            return REFUSED
        except Invalid as problem:
            self.stderr.write(problem.sentence)
            return REFUSED
        except DatabaseError as error:
            self.stderr.write(f"Could not be done: {type(error).__name__}")
            return UNKNOWN
        told = {"tenant": tenant.slug, "plan": row.plan, "from": row.effective_at.isoformat()}
        told |= {"time_zone": row.time_zone, "currencies": row.currencies}
        shown = json.dumps(told) if options["json"] else f"{tenant.slug}: {row.plan} from {told['from']}"
        self.stdout.write(shown)
        return DONE


def _write(tenant: Tenant, options: dict[str, Any]) -> Subscription:
    first = Subscription.objects.order_by("effective_at").first()
    zone_name = first.time_zone if first else options["time_zone"] or tenant.time_zone
    at = datetime.fromisoformat(options["at"])
    at = (at if at.tzinfo else at.replace(tzinfo=zone_named(zone_name))).astimezone(UTC)
    if first is None:
        currencies = options["currency"] or ["EUR"]
        return begin_subscription(
            plan=options["plan"], at=at, time_zone=zone_name, currencies=currencies, actor=OPERATOR
        )
    same = Subscription.objects.filter(effective_at=at, plan=options["plan"]).first()
    return same or change_plan(plan=options["plan"], at=at, actor=OPERATOR)
