from typing import Any

from django.core.management.base import BaseCommand

from vendors.house.services.clients import disable_demonstration_clients


class Command(BaseCommand):
    help = "Refuses every demonstration client from now on."

    def handle(self, *args: Any, **options: Any) -> None:
        disable_demonstration_clients()
