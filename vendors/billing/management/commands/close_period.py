"""`manage.py close_period --tenant SLUG --period YYYY-MM`: 0 closed, 1 refused, 2 could not be found out."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from portal.kit.actors import Actor, ActorKind
from portal.kit.errors import Invalid
from portal.kit.money import Money
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from vendors.billing.services import close_period

DONE, REFUSED, UNKNOWN = 0, 1, 2
OPERATOR = Actor(ActorKind.OPERATOR, "close_period")


class Command(BaseCommand):
    help = "Close a billing period that is over: its invoice, and credit notes for what became cheaper."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--period", metavar="YYYY-MM", required=True, help="the month it begins in")
        parser.add_argument("--json", action="store_true", help="one JSON object for each document")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(self.close(options["tenant"], options["period"], as_json=options["json"]))

    def close(self, slug: str, label: str, *, as_json: bool) -> int:
        try:
            tenant = Tenant.objects.filter(slug=slug).first()
            if tenant is None:
                self.stderr.write(f"There is no organisation {slug}.")
                return REFUSED
            with tenant_scope(tenant.id):
                made = close_period(label, actor=OPERATOR)
        except Invalid as problem:
            self.stderr.write(problem.sentence)
            return REFUSED
        except DatabaseError as error:
            self.stderr.write(f"Could not be closed: {type(error).__name__}")
            return UNKNOWN
        for document in made:
            total = Money(document.total_minor, document.currency)
            told = {
                "kind": document.kind,
                "period": document.period,
                "number": document.number,
                "total": str(total.amount),
                "currency": document.currency,
            }
            self.stdout.write(json.dumps(told) if as_json else f"{document.kind} {document.period}: {total}")
        return DONE
