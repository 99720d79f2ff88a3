from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string

NEEDED = (("catalogue", "ListingVersion"), ("billing", "PriceVersion"))


def load_listings_after_migrating(sender: AppConfig, using: str, apps: Apps, **_more: Any) -> None:
    """What is shipped is on the shelf as soon as its tables are there. Whoever migrates a part of the way has none yet."""
    try:
        for label, name in NEEDED:
            apps.get_model(label, name)
    except LookupError:
        return
    import_string("vendors.catalogue.loading.load_shipped")(using=using)


class CatalogueConfig(AppConfig):
    name = "vendors.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        post_migrate.connect(load_listings_after_migrating, sender=self)
