from importlib import import_module

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "portal.console"
    label = "console"

    def ready(self) -> None:
        import_module("portal.checks")
        import_module("portal.console.accounts")
        import_module("portal.console.owner_recovery")
