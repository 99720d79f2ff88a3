from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.demo.seeding import SLUG, describe
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Print the demonstration tenant's addresses, sign-in and people. Exit 1 when there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Tenant.objects.filter(slug=SLUG, is_demonstration=True).exists():
            self.stderr.write(
                "There is no demonstration tenant. `manage.py up` makes one unless told --no-demo."
            )
            sys.exit(1)
        found = describe()
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for name in ("console", "hosted", "try_it", "wallet", "mailbox"):
            self.stdout.write(f"{name:10} {found[name]}")
        self.stdout.write(f"staff      {found['staff']['email']}  {found['staff']['password']}")
        for person in found["people"]:
            self.stdout.write(f"person     {person['username']:16} {person['note']}")
