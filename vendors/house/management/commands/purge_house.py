from typing import Any

from django.core.management.base import BaseCommand

from vendors.house.purging import purge_alone


class Command(BaseCommand):
    help = "Destroys what is over, now."

    def handle(self, *args: Any, **options: Any) -> None:
        purge_alone()
