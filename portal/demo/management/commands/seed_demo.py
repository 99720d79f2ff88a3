from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.demo.seeding import seed


class Command(BaseCommand):
    help = "Make the demonstration tenant, or what is missing of it. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = seed()
        self.stdout.write(f"The demonstration tenant {tenant.name} is there.")
