from django.apps import AppConfig

from portal.sandboxes.guard import guard


class PartnerSimulatorConfig(AppConfig):
    name = "portal.sandboxes.partners"
    label = "partner_simulator"

    def ready(self) -> None:
        guard(
            self.label,
            pretends="A partner simulator pretends to verify people",
            unset="Do not start it.",
            origin_variable="READMIT_SIMULATOR_ORIGIN",
        )
