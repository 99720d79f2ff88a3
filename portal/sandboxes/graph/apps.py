from django.apps import AppConfig

from portal.sandboxes.guard import guard


class GraphSimulatorConfig(AppConfig):
    name = "portal.sandboxes.graph"
    label = "graph_simulator"

    def ready(self) -> None:
        guard(
            self.label,
            pretends="The Graph simulator pretends to know an organisation's people",
            unset="Do not start it, and leave READMIT_GRAPH_SIMULATOR_ORIGIN unset.",
            origin_variable="READMIT_GRAPH_SIMULATOR_ORIGIN",
        )
