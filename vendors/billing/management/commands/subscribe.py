"""`manage.py subscribe --tenant SLUG --plan PLAN --from TIME`: the first call begins the subscription and decides its periods;
a later one changes the plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from tenants.models import Tenant
from vendors.billing.book import zone_named
from vendors.billing.models import Subscription
from vendors.billing.services import begin_subscription, change_plan


class Command(OperatingCommand):
    help = "Begin an organisation's subscription, or change its plan."
    exit_codes = "Exit codes: 0 done or done before, 1 refused, 2 it could not be found out (one sentence on standard error says why)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
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

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            row = _write(tenant, options, self.actor())
        return DONE, {
            "tenant": tenant.slug,
            "plan": row.plan,
            "from": row.effective_at.isoformat(),
            "time_zone": row.time_zone,
            "currencies": row.currencies,
        }

    def words(self, told: Mapping[str, Any]) -> str:
        return f"{told['tenant']}: {told['plan']} from {told['from']}"


def _write(tenant: Tenant, options: Mapping[str, Any], actor: Actor) -> Subscription:
    first = Subscription.objects.filter(vendor="").order_by("effective_at").first()
    zone_name = first.time_zone if first else options["time_zone"] or tenant.time_zone
    at = _moment(options["at"], zone_name)
    if first is None:
        currencies = options["currency"] or ["EUR"]
        return begin_subscription(
            plan=options["plan"], at=at, time_zone=zone_name, currencies=currencies, actor=actor
        )
    same = Subscription.objects.filter(vendor="", effective_at=at, plan=options["plan"]).first()
    return same or change_plan(plan=options["plan"], at=at, actor=actor)


def _moment(text: str, zone_name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone_named(zone_name))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("time_unusable", "--from is a date or a time, for example 2026-01-31T09:00.") from None
