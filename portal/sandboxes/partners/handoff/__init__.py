"""A partner that proves people, issues a VerifiedIdentity credential of its own and shows it to whoever asked."""

from portal.sandboxes.partners.handoff.api import URLS, settings_to_enter
from portal.sandboxes.partners.handoff.sessions import SCENARIOS, finish, settle

__all__ = ["SCENARIOS", "URLS", "finish", "settings_to_enter", "settle"]
