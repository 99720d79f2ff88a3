from django.apps import AppConfig


class GraphConfig(AppConfig):
    name = "tenants.directory.graph"
    label = "graph"
