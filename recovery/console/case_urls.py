"""`/o/<organisation>/recovery/cases/…`"""

from django.urls import path

from recovery.console import case_views

app_name = "cases"
urlpatterns = [
    path("", case_views.cases, name="list"),
    path("csv", case_views.csv, name="csv"),
    path("of/<str:person_id>", case_views.of_person, name="of_person"),
    path("<str:case_id>/", case_views.case, name="case"),
    path("<str:case_id>/<slug:action>", case_views.act, name="act"),
]
