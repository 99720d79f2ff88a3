"""Where partners send browsers back to, and what happened. Registered with each partner, so neither must change."""

from __future__ import annotations

from portal.kit.origins import site_url, tenant_url
from vendors.models import Connection
from vendors.registry import own_name

RETURN_PATH = "/recover/return"
HOOK_PATH = "/hooks/partners"


def return_url_of(slug: str, vendor: str) -> str:
    """One of several has an address of its own, so that none answers in another's place (RFC 9700, section 4.4.2.2)."""
    return tenant_url(slug, f"{RETURN_PATH}/{vendor}" if own_name(vendor) else RETURN_PATH)


def hook_url_of(slug: str, connection: Connection) -> str:
    """For partners that tell when something happened (`HandlesWebhook`)."""
    return site_url(f"{HOOK_PATH}/{slug}/{connection.public_id}")
