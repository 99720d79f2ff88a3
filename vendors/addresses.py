"""Where partners send browsers back to. Registered with each partner, so it must not change."""

from __future__ import annotations

from portal.kit.origins import tenant_url

RETURN_PATH = "/recover/return"


def return_url_of(slug: str) -> str:
    return tenant_url(slug, RETURN_PATH)
