"""Persona as its public documentation describes it: inquiries, verifications, one-time links, signed events."""

from portal.sandboxes.partners.persona.api import URLS, settings_to_enter
from portal.sandboxes.partners.persona.inquiries import SCENARIOS, finish, settle

__all__ = ["SCENARIOS", "URLS", "finish", "settings_to_enter", "settle"]
