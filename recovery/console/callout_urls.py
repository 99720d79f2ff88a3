"""`/o/<organisation>/recovery/profiles/callouts/…`"""

from django.urls import path

from recovery.console import callout_views

app_name = "callouts"
urlpatterns = [
    path("", callout_views.list_callouts, name="list"),
    path("new", callout_views.new, name="new"),
    path("key", callout_views.key, name="key"),
    path("<str:callout_id>/", callout_views.callout, name="callout"),
    path("<str:callout_id>/state", callout_views.state, name="state"),
    path("<str:callout_id>/test", callout_views.test, name="test"),
    path("<str:callout_id>/remove", callout_views.remove, name="remove"),
]
