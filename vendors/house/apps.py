from importlib import import_module

from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "vendors.house"
    label = "house"

    def ready(self) -> None:
        import_module("vendors.house.checks")
