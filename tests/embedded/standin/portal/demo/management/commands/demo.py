import json

from django.core.management.base import BaseCommand

from portal.demo.models import Visit


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, **options):
        answer = {
            "visits": Visit.objects.count(),
            "hosted": "http://acme.localhost/",
            "try_it": "http://acme.localhost/try",
            "staff": {"email": "anna@acme.example", "password": "standin"},
            "people": [{"username": "anna"}],
        }
        self.stdout.write(json.dumps(answer))
