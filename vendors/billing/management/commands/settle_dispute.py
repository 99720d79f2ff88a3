"""`manage.py settle_dispute --tenant SLUG`: the open disputes; with `--entry` and a verdict, answers one.

0 listed or settled (or settled so before), 1 refused, 2 could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid
from portal.kit.ids import parse_public_id, public_id
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.disputing import disputes
from vendors.billing.models import Dispute, UsageEntry
from vendors.billing.price_file import amount_text
from vendors.billing.services import settle_dispute

DONE, REFUSED, UNKNOWN = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "settle_dispute")


class Command(BaseCommand):
    help = "Show an organisation's open disputes, or answer one: accepted takes the charge back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument(
            "--entry", metavar="usage_…", help="the disputed charge; without it all are listed"
        )
        verdict = parser.add_mutually_exclusive_group()
        verdict.add_argument("--accept", action="store_true", help="take the charge back")
        verdict.add_argument("--decline", action="store_true", help="let the charge stand")
        parser.add_argument("--answer", default="", help="a sentence that the organisation reads")
        parser.add_argument("--json", action="store_true", help="one JSON object for each dispute")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.settle(options))

    def settle(self, options: dict[str, Any]) -> int:
        try:
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {options['tenant']}.")
                return REFUSED
            with tenant_scope(tenant.id):
                shown = [_told(dispute) for dispute in _chosen(options)]
        except Invalid as problem:
            self.stderr.write(problem.sentence)
            return REFUSED
        except DatabaseError as error:
            self.stderr.write(f"Could not be done: {type(error).__name__}")
            return UNKNOWN
        for told in shown:
            line = f"{told['entry']} {told['amount']} {told['currency']} {told['state']}: {told['reason']}"
            self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else line)
        return DONE


def _chosen(options: dict[str, Any]) -> list[Dispute]:
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
    return [settle_dispute(entry_id, accepted=options["accept"], answer=options["answer"], actor=OPERATOR)]


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
