from django.apps import AppConfig


class PasskeysConfig(AppConfig):
    name = "recovery.passkeys"
    label = "passkeys"
