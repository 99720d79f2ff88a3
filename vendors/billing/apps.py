from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "vendors.billing"
    label = "billing"
