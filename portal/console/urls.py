"""`/o/<organisation>/…`: the shell's own pages. The audit log has a module of its own."""

from django.urls import path

from portal.console.views import members, organisation, overview, setup

app_name = "console"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("checklist/<slug:item>/send", overview.send_item, name="send_item"),
    path("checklist/<slug:item>/<slug:about>/send", overview.send_item, name="send_about"),
    path("setup-links/<slug:link>/withdraw", overview.withdraw_link, name="withdraw_link"),
    path("setup-done", setup.done, name="setup_done"),
    path("settings", organisation.settings, name="settings"),
    path("settings/accent", organisation.accent, name="accent"),
    path("members/", members.members, name="members"),
    path("members/invite", members.invite, name="invite"),
    path("members/<slug:member>", members.member, name="member"),
    path("members/<slug:member>/remove", members.remove, name="remove_member"),
    path("invitations/<slug:invitation>/renew", members.renew, name="renew_invitation"),
    path("invitations/<slug:invitation>/withdraw", members.withdraw, name="withdraw_invitation"),
]
