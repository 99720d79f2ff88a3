"""`<slug>.localhost`: sign-in, recovery, your security, and the authority's protocol endpoints."""

from django.urls import URLPattern, URLResolver, include, path

from portal import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="alive"),
    path("", include("tenants.verified_id.protocol_urls")),
    path("", include("recovery.urls")),
    path("", include("recovery.passkeys.urls")),
    path("", include("recovery.callouts.urls")),
    path("", include("recovery.entry.hosted_urls")),
    path("", include("recovery.readiness.hosted_urls")),
    path("", include("vendors.bridge.hosted_urls")),
    path("", include("portal.demo.urls")),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.not_allowed"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
