"""IDEMIA's identity proofing service as its public samples show it: identities, consents, evidence, portrait, proof; and a
capture page as our profile of it asks."""

from portal.sandboxes.partners.idemia.api import URLS, settings_to_enter
from portal.sandboxes.partners.idemia.evidence import SCENARIOS, finish, settle

__all__ = ["SCENARIOS", "URLS", "finish", "settings_to_enter", "settle"]
