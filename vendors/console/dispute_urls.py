"""`/o/<organisation>/usage/disputes/…`"""

from django.urls import path

from vendors.console import dispute_views

app_name = "disputes"
urlpatterns = [
    path("", dispute_views.disputes, name="list"),
    path("<str:entry_id>/", dispute_views.dispute, name="dispute"),
    path("<str:entry_id>/open", dispute_views.open_dispute, name="open"),
]
