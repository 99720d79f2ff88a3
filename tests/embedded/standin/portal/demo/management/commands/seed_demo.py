from django.core.management.base import BaseCommand

from portal.demo.models import Visit


class Command(BaseCommand):
    def handle(self, **options):
        Visit.objects.create()
