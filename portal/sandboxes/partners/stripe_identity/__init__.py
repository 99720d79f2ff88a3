"""Stripe Identity as its public documentation describes it: VerificationSessions, reports, file links, signed events."""

from portal.sandboxes.partners.stripe_identity.api import URLS, settings_to_enter
from portal.sandboxes.partners.stripe_identity.sessions import SCENARIOS, finish, settle

__all__ = ["SCENARIOS", "URLS", "finish", "settings_to_enter", "settle"]
