from django.apps import AppConfig


class ConnectedConfig(AppConfig):
    name = "recovery.connected"
    label = "connected"
