from typing import Any

from django.core.management.base import BaseCommand

from vendors.house.services.keys import rotate_key


class Command(BaseCommand):
    help = "Signs with a new key from now on; the old one stays published for a day."

    def handle(self, *args: Any, **options: Any) -> None:
        rotate_key()
