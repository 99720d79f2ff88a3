"""The site before an organisation is chosen."""

from django.urls import path

from portal.console.views import front, joining, owner_recovery, setup

app_name = "start"
urlpatterns = [
    path("", front.front, name="front"),
    path("o/", front.organisations, name="organisations"),
    path("o/new", front.organisation_new, name="organisation_new"),
    path("o/host-name", front.host_name, name="host_name"),
    path("account/", front.account, name="account"),
    path("account/passkey", front.passkey, name="passkey"),
    path("join/<str:token>", joining.join, name="join"),
    path("join/<str:token>/accept", joining.accept, name="accept"),
    path("owner-recovery/<str:token>", owner_recovery.begin, name="owner_recovery"),
    path("owner-recovery/<str:token>/code", owner_recovery.code, name="owner_recovery_code"),
    path("owner-recovery/stop/<str:token>", owner_recovery.stop, name="owner_recovery_stop"),
    path("setup/<str:token>", setup.begin, name="setup"),
    path("setup/<str:token>/code", setup.code, name="setup_code"),
]
