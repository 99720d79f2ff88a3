"""Where partners send browsers back to, and what happened. Registered with each partner, so neither must change."""

from __future__ import annotations

from portal.kit.origins import site_url, tenant_url
from vendors.models import Connection

RETURN_PATH = "/recover/return"
HOOK_PATH = "/hooks/partners"


def return_url_of(slug: str) -> str:
    return tenant_url(slug, RETURN_PATH)


def hook_url_of(slug: str, connection: Connection) -> str:
    """For partners that tell when something happened (`HandlesWebhook`)."""
    return site_url(f"{HOOK_PATH}/{slug}/{connection.public_id}")
