"""One URLconf per kind of host; a host that is none of ours is answered 404.

Protects tenants from each other's host-bound sessions and passkeys, and us from a forged Host header. What it does
not do: decide who may see a page. Whoever watches over a machine asks by its IP address, and is told alone whether it is up.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from portal.kit.http import serving_request
from portal.kit.scope import no_scope
from portal.kit.serving import BARE
from tenants.models import Tenant
from tenants.selectors import tenant_of_host

# portal.health: nothing of any tenant, and the same for everybody.
PROBES = frozenset({"/healthz", "/readyz"})
Next = Callable[[HttpRequest], HttpResponse]


class HostMiddleware:
    """Sets `request.host_kind` (site, wallet, tenant), `request.urlconf` and, on a tenant's host, `request.tenant`."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.site = urlsplit(settings.SITE_ORIGIN).netloc
        self.base = settings.TENANT_BASE.lower()
        self.wallet = urlsplit(settings.WALLET_ORIGIN).netloc

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with no_scope(), serving_request():
            host = request.META.get("HTTP_HOST", "").lower()
            kind, urlconf, tenant = self.find(host)
            if kind == "" and request.path in PROBES and _is_number(host):
                kind, urlconf = "site", settings.ROOT_URLCONF
            if kind == "":
                return HttpResponseNotFound(
                    "There is nothing at this address.\n", content_type="text/plain", headers=BARE
                )
            request.host_kind = kind  # type: ignore[attr-defined]
            request.urlconf = urlconf
            request.tenant = tenant  # type: ignore[attr-defined]
            request.seat = None  # type: ignore[attr-defined]
            return self.get_response(request)

    def find(self, host: str) -> tuple[str, str, Tenant | None]:
        if host == self.site:
            return "site", settings.ROOT_URLCONF, None
        if host == self.wallet:
            return "wallet", settings.WALLET_URLCONF, None
        ours = 0 < len(host) <= 255 and host.endswith(f".{self.base}")
        tenant = tenant_of_host(host) if ours else None
        return ("tenant", settings.TENANT_URLCONF, tenant) if tenant else ("", "", None)


def _is_number(host: str) -> bool:
    """An IP address, with or without a port: no name that could be somebody else's."""
    try:
        ip_address(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    return True
