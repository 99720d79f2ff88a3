import json

from django.core.management.base import BaseCommand

from portal.demo.models import Visit


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, **options):
        self.stdout.write(json.dumps({"visits": Visit.objects.count(), "tenant": {"sign_in": "anna"}}))
