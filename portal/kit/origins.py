"""Where each kind of page lives. Every absolute address of ours is made here."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def site_url(path: str = "/") -> str:
    return f"{settings.SITE_ORIGIN}{path}"


def tenant_host(slug: str) -> str:
    """`acme.localhost:8000`: what the browser sends as Host."""
    return f"{slug}.{settings.TENANT_BASE}"


def tenant_origin(slug: str) -> str:
    return f"{urlsplit(settings.SITE_ORIGIN).scheme}://{tenant_host(slug)}"


def tenant_url(slug: str, path: str = "/") -> str:
    return f"{tenant_origin(slug)}{path}"


def wallet_url(path: str = "/") -> str:
    return f"{settings.WALLET_ORIGIN}{path}"


def house_url(path: str = "/") -> str:
    return f"{settings.HOUSE_ORIGIN}{path}"


def is_ours(origin: str) -> bool:
    """Whether one of our own processes answers there, for whichever tenant."""
    host = urlsplit(origin).netloc.lower()
    ours = (settings.SITE_ORIGIN, settings.WALLET_ORIGIN, settings.HOUSE_ORIGIN)
    base: str = settings.TENANT_BASE.lower()
    return host == base or host.endswith(f".{base}") or host in {urlsplit(each).netloc for each in ours}


def client_address(request: HttpRequest) -> str:
    """The client's address with `TRUSTED_PROXIES` hops in front of us; what a client writes itself is ignored."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted: int = settings.TRUSTED_PROXIES
    if trusted and len(hops) >= trusted:
        return str(hops[-trusted])
    return str(request.META.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 an IPv6 address is in: what one subscriber holds."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(int(parsed) >> 64)


def page_to_return_to(request: HttpRequest) -> str:
    """Where somebody is led back to after signing in: a page, also when what they sent was a form.

    Many forms are sent to an address that answers no GET; the page they stood on is in the Referer, which our own
    pages always send to us. It is the reader's to write, so only a path of this origin counts.
    """
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    before = urlsplit(request.META.get("HTTP_REFERER", ""))
    if f"{before.scheme}://{before.netloc}" == settings.SITE_ORIGIN and before.path.startswith("/"):
        return f"{before.path}?{before.query}" if before.query else before.path
    return request.get_full_path()
