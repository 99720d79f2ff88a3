"""`/o/<organisation>/recovery/profiles/…`"""

from django.urls import path

from recovery.console import guide_views, profile_moves, profile_parts, profile_views

app_name = "profiles"
urlpatterns = [
    path("", profile_views.list_profiles, name="list"),
    path("new", profile_views.new, name="new"),
    path("guide", guide_views.begin, name="guide"),
    path("<str:profile_id>/guide/<slug:part>", guide_views.step, name="guide_step"),
    path("check", profile_views.check, name="check"),
    path("applies", profile_views.applies, name="applies"),
    path("of-partner/<str:connection_id>", profile_views.of_partner, name="of_partner"),
    path("<str:profile_id>/", profile_views.edit, name="edit"),
    path("<str:profile_id>/risk", profile_parts.risk, name="risk"),
    path("<str:profile_id>/partners", profile_parts.partners, name="partners"),
    path("<str:profile_id>/attestation", profile_parts.attestation, name="attestation"),
    path("<str:profile_id>/limits", profile_parts.limits, name="limits"),
    path("<str:profile_id>/publish", profile_moves.publish, name="publish"),
    path("<str:profile_id>/withdraw", profile_moves.withdraw, name="withdraw"),
    path("<str:profile_id>/move", profile_moves.move, name="move"),
    path("<str:profile_id>/copy", profile_moves.copy, name="copy"),
    path("<str:profile_id>/restore/<int:version>", profile_moves.restore, name="restore"),
]
