"""`localhost`: staff accounts, the console, webhooks, the local mailbox, readiness."""

from django.urls import URLPattern, URLResolver, include, path

from portal import health
from vendors.billing.collecting.hook import receive as receive_from_stripe
from vendors.hook import receive as receive_from_partner

urlpatterns: list[URLPattern | URLResolver] = [
    path("readyz", health.ready, name="ready"),
    path("healthz", health.alive, name="alive"),
    path("accounts/", include("allauth.urls")),
    path("", include("portal.console.start_urls")),
    path("mailbox/", include("tenants.notices.urls")),
    path("hooks/stripe", receive_from_stripe, name="stripe_hook"),
    path("hooks/partners/<slug:slug>/<str:connection>", receive_from_partner, name="partner_hook"),
    path("contracts/", include("vendors.trying.urls")),
    path("api/", include("portal.api.urls")),
    path("operator/", include("portal.operator.urls")),
    path("scim/", include("tenants.directory.scim.urls")),
]
# Rooms of the console, each a line below `/o/<organisation>/`.
CONSOLE_ROOMS: list[tuple[str, str]] = [
    ("people/coverage/", "recovery.entry.console_urls"),
    ("people/sign-in/", "recovery.entry.provider_urls"),
    ("people/", "tenants.directory.urls"),
    ("privacy/", "tenants.directory.retention.urls"),
    ("verified-id/", "tenants.verified_id.console.urls"),
    ("recovery/cases/", "recovery.console.case_urls"),
    ("recovery/reviews/", "recovery.console.review_urls"),
    ("recovery/patterns/", "recovery.patterns.urls"),
    ("recovery/profiles/callouts/", "recovery.console.callout_urls"),
    ("recovery/profiles/", "recovery.console.profile_urls"),
    ("recovery/readiness/", "recovery.readiness.urls"),
    ("recovery/tell/", "recovery.console.tell_urls"),
    ("recovery/profiles/", "recovery.readiness.rehearsal_urls"),
    ("", "portal.console.urls"),
    ("audit/", "portal.console.audit_urls"),
    ("partners/bridge/", "vendors.bridge.console_urls"),
    ("partners/", "vendors.console.partner_urls"),
    ("api/", "portal.api.console.urls"),
    ("usage/budgets/", "vendors.console.budget_urls"),
    ("usage/disputes/", "vendors.console.dispute_urls"),
    ("usage/partner-invoices/", "vendors.console.partner_invoice_urls"),
    ("usage/invoices/", "vendors.console.invoice_urls"),
    ("usage/payment/", "vendors.console.payment_urls"),
    ("usage/savings/", "recovery.readiness.savings_urls"),
    ("usage/", "vendors.console.usage_urls"),
]
urlpatterns += [path(f"o/<slug:organisation>/{prefix}", include(module)) for prefix, module in CONSOLE_ROOMS]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.not_allowed"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
