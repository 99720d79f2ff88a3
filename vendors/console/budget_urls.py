"""`/o/<organisation>/usage/budgets/…`"""

from django.urls import path

from vendors.console import budget_views

app_name = "budgets"
urlpatterns = [
    path("", budget_views.budgets, name="list"),
    path("new", budget_views.new, name="new"),
    path("<str:budget_id>/", budget_views.edit, name="edit"),
    path("<str:budget_id>/close", budget_views.close, name="close"),
    path("<str:budget_id>/lift", budget_views.lift, name="lift"),
]
