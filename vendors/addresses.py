"""Where partners send browsers back to, and what happened. Registered with each partner, so neither must change."""

from __future__ import annotations

import re

from portal.kit.origins import site_url, tenant_url
from vendors.contract import Registers
from vendors.models import Connection
from vendors.registry import adapter_of, entry_of, own_name

RETURN_PATH = "/recover/return"
HOOK_PATH = "/hooks/partners"


def return_url_of(slug: str, vendor: str) -> str:
    """One of several has an address of its own, so that none answers in another's place (RFC 9700, section 4.4.2.2)."""
    return tenant_url(slug, f"{RETURN_PATH}/{vendor}" if own_name(vendor) else RETURN_PATH)


# An address, or a DID whose host is one, on this machine (RFC 6761, 6.3): production reaches none.
_HERE = re.compile(r"(?:https?://|did:web:)(?:[a-z0-9-]+\.)*localhost(?![\w.-])", re.IGNORECASE)


def is_simulated(connection: Connection) -> bool:
    """One of its addresses is on this machine, where only a program that plays the partner can be. A partner that registers by
    itself, as the house partner does, is none."""
    if isinstance(adapter_of(connection.vendor), Registers):
        return False
    return any(_HERE.match(value) for value in connection.config.values() if isinstance(value, str))


def is_played(connection: Connection) -> bool:
    """One of its addresses is that of a simulator of ours, which goes by its key whoever started it."""
    played_by = entry_of(connection.vendor).simulator.replace("_", "-")
    if not played_by:
        return False
    own = re.compile(rf"(?:https?://|did:web:){played_by}\.localhost(?![\w.-])", re.IGNORECASE)
    return any(own.match(value) for value in connection.config.values() if isinstance(value, str))


def hook_url_of(slug: str, connection: Connection) -> str:
    """For partners that tell when something happened (`HandlesWebhook`)."""
    return site_url(f"{HOOK_PATH}/{slug}/{connection.public_id}")
