from django.apps import AppConfig

from portal.sandboxes.guard import guard


class EntraSimulatorConfig(AppConfig):
    name = "portal.sandboxes.entra"
    label = "entra_simulator"

    def ready(self) -> None:
        guard(
            self.label,
            pretends="The Entra simulator pretends to compare faces",
            unset="Do not start it, and leave READMIT_ENTRA_SIMULATOR_ORIGIN unset.",
            origin_variable="READMIT_ENTRA_SIMULATOR_ORIGIN",
        )
