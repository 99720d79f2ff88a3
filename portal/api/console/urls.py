"""`/o/<organisation>/api/…`"""

from django.urls import path

from portal.api.console import views

app_name = "api"
urlpatterns = [
    path("", views.keys, name="keys"),
    path("new", views.new, name="new"),
    path("reference", views.reference, name="reference"),
    path("<str:key_id>/revoke", views.revoke, name="revoke"),
]
