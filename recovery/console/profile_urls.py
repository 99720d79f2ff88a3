"""`/o/<organisation>/recovery/profiles/…`"""

from django.urls import path

from recovery.console import profile_moves, profile_views

app_name = "profiles"
urlpatterns = [
    path("", profile_views.list_profiles, name="list"),
    path("new", profile_views.new, name="new"),
    path("check", profile_views.check, name="check"),
    path("applies", profile_views.applies, name="applies"),
    path("of-partner/<str:connection_id>", profile_views.of_partner, name="of_partner"),
    path("<str:profile_id>/", profile_views.edit, name="edit"),
    path("<str:profile_id>/publish", profile_moves.publish, name="publish"),
    path("<str:profile_id>/withdraw", profile_moves.withdraw, name="withdraw"),
    path("<str:profile_id>/move", profile_moves.move, name="move"),
    path("<str:profile_id>/copy", profile_moves.copy, name="copy"),
    path("<str:profile_id>/restore/<int:version>", profile_moves.restore, name="restore"),
]
