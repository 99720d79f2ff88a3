"""`/o/<organisation>/partners/bridge/…`"""

from django.urls import path

from vendors.bridge import console_moves as moves
from vendors.bridge import console_views as views

app_name = "bridges"
urlpatterns = [
    path("", views.home, name="home"),
    path("new", views.new, name="new"),
    path("key", moves.key, name="key"),
    path("runs/<str:run_id>", views.run, name="run"),
    path("<str:client_id>/", views.client, name="client"),
    path("<str:client_id>/edit", views.edit, name="edit"),
    path("<str:client_id>/try", views.trial, name="trial"),
    path("<str:client_id>/secret", moves.secret, name="secret"),
    path("<str:client_id>/secret/end", moves.end_secret, name="end_secret"),
    path("<str:client_id>/mode", moves.mode, name="mode"),
    path("<str:client_id>/pause", moves.pause, name="pause"),
    path("<str:client_id>/unpause", moves.unpause, name="unpause"),
    path("<str:client_id>/remove", moves.remove, name="remove"),
]
