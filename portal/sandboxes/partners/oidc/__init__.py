"""An OpenID Provider as vendors and brokers run one: pushed requests, a code, and an ID Token with verified claims or an eID."""

from portal.sandboxes.partners.oidc.answers import SCENARIOS, finish, fits, settle
from portal.sandboxes.partners.oidc.api import URLS, settings_to_enter

__all__ = ["SCENARIOS", "URLS", "finish", "fits", "settings_to_enter", "settle"]
