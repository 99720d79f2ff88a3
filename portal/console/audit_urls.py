"""`/o/<organisation>/audit/…`"""

from django.urls import path

from portal.console.views import audit

app_name = "audit"
urlpatterns = [
    path("", audit.log, name="log"),
    path("state", audit.state, name="state"),
    path("verify", audit.verify, name="verify"),
    path("export.csv", audit.csv, name="csv"),
    path("<slug:event>", audit.event, name="event"),
]
