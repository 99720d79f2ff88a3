"""`/o/<organisation>/usage/partner-invoices/…`"""

from django.urls import path

from vendors.console import partner_invoice_views

app_name = "partner_invoices"
urlpatterns = [
    path("", partner_invoice_views.bills, name="list"),
    path("new", partner_invoice_views.compare, name="new"),
    path("<str:bill_id>/", partner_invoice_views.bill, name="bill"),
    path("<str:bill_id>/csv", partner_invoice_views.csv, name="csv"),
]
