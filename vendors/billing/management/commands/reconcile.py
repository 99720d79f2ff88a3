"""`manage.py reconcile --tenant SLUG`: the ledger beside Stripe, and what was done about each difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from portal.kit.errors import Misconfigured, ReadmitError, Unavailable
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from tenants.models import Tenant
from vendors.billing.collecting.models import Payer, PaymentEvent
from vendors.billing.collecting.reading import kept_aside
from vendors.billing.collecting.reconciling import REPAIRED, Difference, reconcile

LEFT = 1


class Command(OperatingCommand):
    help = "Compare the ledger with Stripe: payments are repaired from there, usage from here; report each difference."
    exit_codes = (
        "Exit codes: 0 nothing is left that differs, 1 something is left to a person, or there is no such organisation,\n"
        "2 it could not be found out (one sentence on standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        if not settings.STRIPE_SECRET_KEY:
            raise Misconfigured("stripe_key_missing", "There is no key to Stripe: set STRIPE_SECRET_KEY.")
        found = self._compare(tenant)
        told = {
            "tenant": tenant.slug,
            "differences": [difference.told() for difference in found],
            "kept_aside": _aside_of(tenant),
        }
        return LEFT if any(difference.done not in REPAIRED for difference in found) else DONE, told

    def _compare(self, tenant: Tenant) -> list[Difference]:
        """Whatever Stripe refused, nothing was found out."""
        try:
            return reconcile(tenant.id, actor=self.actor())
        except ReadmitError as problem:
            raise Unavailable(problem.code, problem.sentence) from problem

    def words(self, told: Mapping[str, Any]) -> str:
        lines = [
            f"{row['kind']} {row['object']}: {row['what']} ours [{row['ours']}] theirs [{row['theirs']}]: {row['done']}"
            for row in told["differences"]
        ]
        lines += [
            f"kept aside: {event['event']} {event['type']}: {event['why']}" for event in told["kept_aside"]
        ]
        counts = f"{len(told['differences'])} differences, {len(told['kept_aside'])} events kept aside"
        return "\n".join([*lines, f"{told['tenant']}: {counts}"])


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
