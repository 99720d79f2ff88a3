"""`manage.py settle_dispute --tenant SLUG`: the open disputes; with `--entry` and a verdict, answers one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id, public_id
from portal.kit.scope import tenant_scope
from tenants.management.operating import DONE, OperatingCommand, tenant_named
from vendors.billing.disputing import disputes
from vendors.billing.models import Dispute, UsageEntry
from vendors.billing.price_file import amount_text
from vendors.billing.services import settle_dispute


class Command(OperatingCommand):
    help = "Show an organisation's open disputes, or answer one: accepted takes the charge back."
    exit_codes = (
        "Exit codes: 0 listed or settled (or settled so before), 1 refused, 2 it could not be found out (one sentence on\n"
        "standard error says why)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--entry", metavar="usage_…", help="the disputed charge; without it all are listed"
        )
        verdict = parser.add_mutually_exclusive_group()
        verdict.add_argument("--accept", action="store_true", help="take the charge back")
        verdict.add_argument("--decline", action="store_true", help="let the charge stand")
        parser.add_argument("--answer", default="", help="a sentence that the organisation reads")

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        tenant = tenant_named(options["tenant"])
        with tenant_scope(tenant.id):
            found = [_told(dispute) for dispute in _chosen(options, self.actor())]
        return DONE, {"tenant": tenant.slug, "disputes": found}

    def words(self, told: Mapping[str, Any]) -> str:
        lines = [
            f"{row['entry']} {row['amount']} {row['currency']} {row['state']}: {row['reason']}"
            for row in told["disputes"]
        ]
        return "\n".join(lines) or f"{told['tenant']}: no open dispute"


def _chosen(options: Mapping[str, Any], actor: Actor) -> list[Dispute]:
    if not options["entry"]:
        if options["accept"] or options["decline"]:
            raise Invalid("entry_missing", "Name the charge with --entry.")
        return list(disputes().filter(state=Dispute.State.OPEN).order_by("created_at", "id"))
    if not (options["accept"] or options["decline"]):
        raise Invalid("verdict_missing", "Say --accept or --decline.")
    try:
        entry_id = parse_public_id(UsageEntry.prefix, options["entry"])
    except ValueError:
        raise Invalid("entry_unusable", "--entry is a charge's identifier, usage_…") from None
    return [settle_dispute(entry_id, accepted=options["accept"], answer=options["answer"], actor=actor)]


def _told(dispute: Dispute) -> dict[str, Any]:
    entry = dispute.entry
    return {
        "entry": public_id(UsageEntry.prefix, entry.id),
        "case": entry.case_reference,
        "meter": entry.meter,
        "vendor": entry.vendor,
        "amount": amount_text(entry.amount),
        "currency": entry.currency,
        "occurred_at": entry.occurred_at.isoformat(),
        "disputed_at": dispute.created_at.isoformat(),
        "state": dispute.state,
        "reason": dispute.reason,
        "answer": dispute.answer,
    }
