"""`/o/<organisation>/people/sign-in/…`"""

from django.urls import path

from recovery.entry import provider_console

app_name = "first_sign_in"
urlpatterns = [
    path("", provider_console.home, name="home"),
    path("state", provider_console.state, name="state"),
    path("test", provider_console.test, name="test"),
    path("trial", provider_console.trial, name="trial"),
    path("turn", provider_console.turn, name="turn"),
    path("remove", provider_console.remove, name="remove"),
]
