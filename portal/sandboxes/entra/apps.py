from importlib import import_module

from django.apps import AppConfig


class EntraSimulatorConfig(AppConfig):
    name = "portal.sandboxes.entra"
    label = "entra_simulator"

    def ready(self) -> None:
        import_module("portal.sandboxes.entra.checks")
