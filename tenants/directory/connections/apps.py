from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "tenants.directory.connections"
    label = "connections"
