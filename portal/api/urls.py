"""`/api/v1/…` on the site's host. No address ends in a slash."""

from django.urls import path

from portal.api.resources.about import Nothing, Schema
from portal.api.resources.budgets import Budgets, OneBudget
from portal.api.resources.invoices import Invoices, OneInvoice
from portal.api.resources.usage import UsageDays, UsageList

app_name = "rest"
urlpatterns = [
    path("v1/schema", Schema.as_view(), name="schema"),
    path("v1/usage", UsageList.as_view(), name="usage"),
    path("v1/usage/summary", UsageDays.as_view(), name="usage_summary"),
    path("v1/invoices", Invoices.as_view(), name="invoices"),
    path("v1/invoices/<str:invoice_id>", OneInvoice.as_view(), name="invoice"),
    path("v1/budgets", Budgets.as_view(), name="budgets"),
    path("v1/budgets/<str:budget_id>", OneBudget.as_view(), name="budget"),
    path("<path:rest>", Nothing.as_view(), name="nothing"),
    path("", Nothing.as_view(), name="root"),
]
