from django.apps import AppConfig


class ReadinessConfig(AppConfig):
    name = "recovery.readiness"
    label = "readiness"
