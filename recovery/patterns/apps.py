from django.apps import AppConfig


class PatternsConfig(AppConfig):
    name = "recovery.patterns"
    label = "patterns"
