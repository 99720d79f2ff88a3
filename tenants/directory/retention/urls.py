"""`/o/<organisation>/privacy/…`"""

from django.urls import path

from tenants.directory.retention import views

app_name = "privacy"
urlpatterns = [
    path("", views.home, name="home"),
    path("preview", views.preview, name="preview"),
    path("apply", views.apply, name="apply"),
]
