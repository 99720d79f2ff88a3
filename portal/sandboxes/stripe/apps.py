from django.apps import AppConfig

from portal.sandboxes.guard import guard


class StripeSandboxConfig(AppConfig):
    name = "portal.sandboxes.stripe"
    label = "stripe_sandbox"

    def ready(self) -> None:
        guard(
            self.label,
            pretends="The Stripe sandbox pretends to take money",
            unset="Do not start it; leave READMIT_STRIPE_API_BASE unset and set STRIPE_SECRET_KEY.",
            origin_variable="READMIT_STRIPE_SANDBOX_ORIGIN",
        )
