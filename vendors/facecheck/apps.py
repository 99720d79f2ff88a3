from django.apps import AppConfig


class FaceCheckConfig(AppConfig):
    name = "vendors.facecheck"
    label = "facecheck"
