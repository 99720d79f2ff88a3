"""Pretends to be a person's EU wallet, the PID provider that filled it, and the registrar whose certificates it knows."""

from portal.sandboxes.partners.eu_pid.api import URLS, settings_to_enter
from portal.sandboxes.partners.eu_pid.wallet import SCENARIOS, finish, settle

__all__ = ["SCENARIOS", "URLS", "finish", "settings_to_enter", "settle"]
