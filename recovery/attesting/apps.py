from django.apps import AppConfig


class AttestingConfig(AppConfig):
    name = "recovery.attesting"
    label = "attesting"
