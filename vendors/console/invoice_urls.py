"""`/o/<organisation>/usage/invoices/…`"""

from django.urls import path

from vendors.console import invoice_views

app_name = "invoices"
urlpatterns = [
    path("", invoice_views.invoices, name="list"),
    path("details", invoice_views.details, name="details"),
    path("so-far", invoice_views.so_far, name="so_far"),
    path("running/<str:currency>/", invoice_views.running, name="running"),
    path(
        "running/<str:currency>/<str:about>/<str:price_id>", invoice_views.running_line, name="running_line"
    ),
    path("<str:invoice_id>/", invoice_views.invoice, name="invoice"),
    path("<str:invoice_id>/pdf", invoice_views.pdf, name="pdf"),
    path("<str:invoice_id>/lines/<int:position>", invoice_views.line, name="line"),
]
