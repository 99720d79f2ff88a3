"""`/o/<organisation>/people/…`"""

from django.urls import path

from tenants.directory import group_views, import_views, person_views, views
from tenants.directory.connections import accounts_page
from tenants.directory.connections import console as directory
from tenants.directory.scim import console as provisioning

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("csv", views.csv, name="csv"),
    path("suspend", views.suspend_several, name="suspend_several"),
    path("groups/", group_views.groups, name="groups"),
    path("groups/<str:group_id>/", group_views.group, name="group"),
    path("import", import_views.begin, name="import"),
    path("import/example", import_views.example, name="example"),
    path("import/<str:import_id>", import_views.preview, name="preview"),
    path("import/<str:import_id>/columns", import_views.columns, name="columns"),
    path("import/<str:import_id>/undo", import_views.undo, name="undo"),
    path("import/<str:import_id>/apply", import_views.apply, name="apply"),
    path("import/<str:import_id>/discard", import_views.discard, name="discard"),
    path("provisioning/", provisioning.tokens, name="provisioning"),
    path("provisioning/new", provisioning.new, name="provisioning_new"),
    path("provisioning/<str:token_id>/revoke", provisioning.close, name="provisioning_close"),
    path("directory/", directory.home, name="connection"),
    path("directory/new/<slug:kind>", directory.new, name="connection_new"),
    path("directory/state", directory.state, name="connection_state"),
    path("directory/test", directory.test, name="connection_test"),
    path("directory/sync", directory.sync, name="connection_sync"),
    path("directory/everything", directory.everything, name="connection_everything"),
    path("directory/pause", directory.pause, name="connection_pause"),
    path("directory/resume", directory.resume, name="connection_resume"),
    path("directory/remove", directory.remove, name="connection_remove"),
    path("directory/accounts", accounts_page.home, name="connection_accounts"),
    path("directory/allow", directory.allow, name="connection_allow"),
    path("<str:person_id>/", views.person, name="person"),
    path("<str:person_id>/details", person_views.details, name="details"),
    path("<str:person_id>/export", person_views.export, name="export"),
    path("<str:person_id>/remove", person_views.remove, name="remove"),
    path("<str:person_id>/suspend", views.suspend, name="suspend"),
    path("<str:person_id>/activate", views.activate, name="activate"),
]
