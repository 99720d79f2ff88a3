"""An organisation's own claim check, as Microsoft's `verifiedIdClaimValidation` event calls one."""

from portal.sandboxes.partners.claims.api import SCENARIOS, URLS, finish, settings_to_enter, settle

__all__ = ["SCENARIOS", "URLS", "finish", "settings_to_enter", "settle"]
