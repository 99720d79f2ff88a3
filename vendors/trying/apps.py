from django.apps import AppConfig


class TryingConfig(AppConfig):
    name = "vendors.trying"
    label = "trying"
