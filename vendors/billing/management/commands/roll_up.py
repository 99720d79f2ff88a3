"""`manage.py roll_up [--tenant SLUG] [--check]`: 0 when the usage page's sums equal the entries, 1 when they did not, 2 when
it could not be found out. Sums that differ are rebuilt, unless `--check` only asks."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.rollups import check_days

ALIKE, DIFFERED, UNKNOWN = 0, 1, 2


class Command(BaseCommand):
    help = "Compare the sums of the usage page with a recount of the ledger, and rebuild those that differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="one organisation; all of them unless named")
        parser.add_argument("--check", action="store_true", help="compare, and change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object for each organisation")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.compare(options["tenant"], repair=not options["check"], as_json=options["json"]))

    def compare(self, slug: str | None, *, repair: bool, as_json: bool) -> int:
        code = ALIKE
        try:
            tenants = list(Tenant.objects.filter(**({"slug": slug} if slug else {})).order_by("slug"))
            if slug and not tenants:
                self.stderr.write(f"There is no organisation {slug}.")
                return DIFFERED
            for tenant in tenants:
                with tenant_scope(tenant.id):
                    found = check_days(repair=repair)
                code = DIFFERED if found else code
                days = [
                    {"day": str(each.day), "entries": each.entries, "rolled_up": each.rolled_up}
                    for each in found
                ]
                told = {"tenant": tenant.slug, "differing": days}
                self.stdout.write(json.dumps(told) if as_json else f"{tenant.slug}: {_words(len(days))}")
        except DatabaseError as error:
            self.stderr.write(f"Could not be found out: {type(error).__name__}")
            return UNKNOWN
        return code


def _words(days: int) -> str:
    return f"{days} days differed from the entries" if days else "every day equals its entries"
