from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WalletConfig(AppConfig):
    """The web wallet: static pages on a host of their own, no server state, no models."""

    name = "portal.wallet"
    label = "wallet"
    verbose_name = _("Web wallet")
