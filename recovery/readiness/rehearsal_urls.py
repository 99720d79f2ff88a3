"""`/o/<organisation>/recovery/rehearsals/…`"""

from django.urls import path

from recovery.readiness import rehearsal_views as views

app_name = "rehearsals"
urlpatterns = [
    path("<str:profile_id>/", views.home, name="home"),
    path("<str:profile_id>/state", views.state, name="state"),
    path("<str:profile_id>/people", views.people, name="people"),
    path("<str:profile_id>/csv", views.csv, name="csv"),
    path("<str:profile_id>/begin", views.begin, name="begin"),
]
