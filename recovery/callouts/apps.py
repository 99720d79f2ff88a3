from django.apps import AppConfig


class CalloutsConfig(AppConfig):
    name = "recovery.callouts"
    label = "callouts"
