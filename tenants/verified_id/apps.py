from django.apps import AppConfig


class VerifiedIdConfig(AppConfig):
    name = "tenants.verified_id"
    label = "verified_id"
