from django.apps import AppConfig


class AccessPassConfig(AppConfig):
    name = "recovery.access_pass"
    label = "access_pass"
