from django.apps import AppConfig


class EntraConfig(AppConfig):
    name = "tenants.verified_id.entra"
    label = "entra"
