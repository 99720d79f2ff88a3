from django.apps import AppConfig


class BridgeConfig(AppConfig):
    name = "vendors.bridge"
    label = "bridge"
