from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "vendors.house"
    label = "house"

    def ready(self) -> None:
        from vendors.house import checks  # noqa: F401, PLC0415 (registers the system checks)
