"""What stands around every request, in the order of settings.MIDDLEWARE."""

from portal.middleware.errors import ErrorMiddleware
from portal.middleware.headers import HeadersMiddleware
from portal.middleware.hosts import HostMiddleware
from portal.middleware.scope import ScopeMiddleware
from portal.middleware.staff import (
    SiteAuthenticationMiddleware,
    SiteMessageMiddleware,
    SiteSessionMiddleware,
)

__all__ = [
    "ErrorMiddleware",
    "HeadersMiddleware",
    "HostMiddleware",
    "ScopeMiddleware",
    "SiteAuthenticationMiddleware",
    "SiteMessageMiddleware",
    "SiteSessionMiddleware",
]
