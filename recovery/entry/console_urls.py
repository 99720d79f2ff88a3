"""`/o/<organisation>/people/coverage/…`"""

from django.urls import path

from recovery.entry import console

app_name = "coverage"
urlpatterns = [
    path("", console.home, name="home"),
    path("invite", console.invite, name="invite"),
    path("invite/<str:person_id>", console.invite_person, name="invite_person"),
    path("reminders", console.reminders, name="reminders"),
    path("stop", console.stop, name="stop"),
]
