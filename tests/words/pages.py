"""Every page that opens without signing in, found in the URLconfs themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.kit.origins import tenant_host
from tenants.models import Tenant


@dataclass(frozen=True)
class Page:
    host: str
    path: str
    html: str


def _paths(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern.url_patterns, here)
        else:
            # A plain path, or a regular expression of somebody else's: what has a value gets one that leads nowhere.
            plain = re.sub(r"<[^>]+>", "nowhere", here)
            if not re.search(r"[\[\]()\\*+?|]", plain.replace("\\Z", "").strip("^$")):
                yield "/" + plain.replace("\\Z", "").strip("^$")


def hosts(tenant: Tenant) -> dict[str, str]:
    return {
        "localhost:8000": settings.ROOT_URLCONF,
        tenant_host(tenant.slug): settings.TENANT_URLCONF,
        "wallet.localhost:8000": settings.WALLET_URLCONF,
    }


def open_pages(tenant: Tenant) -> list[Page]:
    """What a stranger's browser is shown, the pages for addresses that lead nowhere among it. Redirects are left out."""
    found: dict[str, Page] = {}
    for host, urlconf in hosts(tenant).items():
        client = Client(HTTP_HOST=host, raise_request_exception=True)
        for path in [*_paths(get_resolver(urlconf).url_patterns), "/there/is/nothing"]:
            answer = client.get(path)
            is_page = answer.content and answer.headers["Content-Type"].startswith("text/html")
            if is_page and not 300 <= answer.status_code < 400:
                page = Page(host, path, answer.content.decode())
                found.setdefault(host + page.html, page)
    return list(found.values())
