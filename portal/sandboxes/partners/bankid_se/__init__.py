"""Pretends to be BankID: mutual TLS on a port of its own, orders that are collected, a code that is scanned, and the app."""

from portal.sandboxes.partners.bankid_se.api import URLS, settings_to_enter
from portal.sandboxes.partners.bankid_se.door import serve
from portal.sandboxes.partners.bankid_se.orders import SCENARIOS, finish, settle

__all__ = ["SCENARIOS", "URLS", "finish", "serve", "settings_to_enter", "settle"]
