"""On the tenant's host."""

from django.urls import path

from recovery.callouts import views

app_name = "callouts_public"
urlpatterns = [
    path("callouts/.well-known/openid-configuration", views.metadata, name="metadata"),
    path("callouts/keys", views.keys, name="keys"),
]
