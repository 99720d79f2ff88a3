"""`/o/<organisation>/recovery/patterns/…`"""

from django.urls import path

from recovery.patterns import views

app_name = "patterns"
urlpatterns = [
    path("", views.patterns, name="list"),
    path("<str:pattern_id>/", views.pattern, name="pattern"),
]
