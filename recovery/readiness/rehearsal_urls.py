"""`/o/<organisation>/recovery/profiles/<profile>/…`: trying a profile. Its other pages are `recovery.console.profile_urls`."""

from django.urls import path

from recovery.readiness import live_views
from recovery.readiness import rehearsal_views as views

app_name = "rehearsals"
urlpatterns = [
    path("<str:profile_id>/rehearsal/", views.home, name="home"),
    path("<str:profile_id>/rehearsal/state", views.state, name="state"),
    path("<str:profile_id>/rehearsal/people", views.people, name="people"),
    path("<str:profile_id>/rehearsal/csv", views.csv, name="csv"),
    path("<str:profile_id>/rehearsal/begin", views.begin, name="begin"),
    path("<str:profile_id>/evaluation", live_views.evaluation, name="evaluation"),
    path("<str:profile_id>/go-live", live_views.go_live, name="go_live"),
    path("<str:profile_id>/go-back", live_views.go_back, name="go_back"),
]
