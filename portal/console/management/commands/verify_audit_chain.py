"""`manage.py verify_audit_chain`: 0 when every log holds, 1 when one does not, 2 when that could not be found out."""

from __future__ import annotations

import json
import sys
from collections.abc import Set
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from tenants.audit.chain import BrokenChain
from tenants.audit.heads import tenants_on_file
from tenants.audit.sentences import problem_of
from tenants.audit.verification import verify_chain
from tenants.management.operating import is_unreachable
from tenants.models import Tenant

WHOLE, BROKEN, UNKNOWN = 0, 1, 2


def _verdict(tenant: Tenant) -> dict[str, Any]:
    report: dict[str, Any] = {"organisation": tenant.slug}
    try:
        chain = verify_chain(tenant.id)
    except BrokenChain as broken:
        event: UUID | None = broken.event_id
        return {
            **report,
            "holds": False,
            "problem": broken.code,
            "number": broken.number,
            "event": str(event) if event else None,
        }
    return {**report, "holds": True, "number": chain.number, "signed_up_to": chain.signed_number}


def _removed(known: Set[UUID]) -> list[dict[str, Any]]:
    """Organisations that the files of signatures know and the database does not: no organisation is ever deleted."""
    return [
        {
            "organisation": str(tenant_id),
            "holds": False,
            "problem": "organisation_removed",
            "number": number,
            "event": None,
        }
        for tenant_id, number in sorted(tenants_on_file().items())
        if tenant_id not in known
    ]


def _line(report: dict[str, Any]) -> str:
    if report["holds"]:
        return (
            f"{report['organisation']}: holds up to {report['number']}, signed up to {report['signed_up_to']}"
        )
    where = f" (entry {report['number']})" if report["number"] else ""
    return f"{report['organisation']}: BROKEN: {problem_of(report['problem'])}{where}"


class Command(BaseCommand):
    help = "Verify the chain of every organisation's audit log, or of one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this organisation")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.verify(options["tenant"], as_json=options["json"]))

    def verify(self, slug: str | None, *, as_json: bool) -> int:
        try:
            chosen = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.order_by("slug")
            tenants = list(chosen)
            if slug and not tenants:
                self.stderr.write(f"There is no organisation {slug}.")
                return UNKNOWN
            reports = [_verdict(tenant) for tenant in tenants]
            if not slug:
                reports += _removed({tenant.id for tenant in tenants})
        except (DatabaseError, OSError) as error:
            if is_unreachable(error):
                raise
            self.stderr.write(f"Could not verify: {type(error).__name__}")
            return UNKNOWN
        holds = all(report["holds"] for report in reports)
        if as_json:
            self.stdout.write(json.dumps(reports[0] if slug else {"holds": holds, "organisations": reports}))
        for report in [] if as_json else reports:
            self.stdout.write(_line(report))
        return WHOLE if holds else BROKEN
