from django.apps import AppConfig


class EntryConfig(AppConfig):
    name = "recovery.entry"
    label = "entry"
