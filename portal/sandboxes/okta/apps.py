from django.apps import AppConfig

from portal.sandboxes.guard import guard


class OktaSimulatorConfig(AppConfig):
    name = "portal.sandboxes.okta"
    label = "okta_simulator"

    def ready(self) -> None:
        guard(
            self.label,
            pretends="The Okta simulator pretends to know an organisation's people",
            unset="Do not start it, and leave READMIT_OKTA_SIMULATOR_ORIGIN unset.",
            origin_variable="READMIT_OKTA_SIMULATOR_ORIGIN",
        )
