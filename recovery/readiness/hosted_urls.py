"""On a tenant's hosted pages."""

from django.urls import path

from recovery.readiness import hosted_views

app_name = "could_i"
urlpatterns = [path("could-i-recover/", hosted_views.could_i_recover, name="recover")]
