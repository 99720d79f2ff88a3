"""`/o/<organisation>/recovery/readiness/…`"""

from django.urls import path

from recovery.readiness import views

app_name = "readiness"
urlpatterns = [
    path("", views.home, name="home"),
    path("state", views.state, name="state"),
    path("people", views.people, name="people"),
    path("csv", views.csv, name="csv"),
    path("check", views.check, name="check"),
    path("mail", views.mail, name="mail"),
]
