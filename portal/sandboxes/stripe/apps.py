from importlib import import_module

from django.apps import AppConfig


class StripeSandboxConfig(AppConfig):
    name = "portal.sandboxes.stripe"
    label = "stripe_sandbox"

    def ready(self) -> None:
        import_module("portal.sandboxes.stripe.checks")
