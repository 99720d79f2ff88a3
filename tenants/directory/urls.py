"""`/o/<organisation>/people/…`"""

from django.urls import path

from tenants.directory import import_views, person_views, views
from tenants.directory.graph import accounts_page
from tenants.directory.graph import console as entra
from tenants.directory.scim import console as provisioning

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("csv", views.csv, name="csv"),
    path("suspend", views.suspend_several, name="suspend_several"),
    path("import", import_views.begin, name="import"),
    path("import/example", import_views.example, name="example"),
    path("import/<str:import_id>", import_views.preview, name="preview"),
    path("import/<str:import_id>/apply", import_views.apply, name="apply"),
    path("import/<str:import_id>/discard", import_views.discard, name="discard"),
    path("provisioning/", provisioning.tokens, name="provisioning"),
    path("provisioning/new", provisioning.new, name="provisioning_new"),
    path("provisioning/<str:token_id>/revoke", provisioning.close, name="provisioning_close"),
    path("entra/", entra.graph, name="graph"),
    path("entra/state", entra.state, name="graph_state"),
    path("entra/test", entra.test, name="graph_test"),
    path("entra/sync", entra.sync, name="graph_sync"),
    path("entra/everything", entra.everything, name="graph_everything"),
    path("entra/pause", entra.pause, name="graph_pause"),
    path("entra/resume", entra.resume, name="graph_resume"),
    path("entra/remove", entra.remove, name="graph_remove"),
    path("entra/accounts", accounts_page.home, name="graph_accounts"),
    path("entra/allow", entra.allow, name="graph_allow"),
    path("<str:person_id>/", views.person, name="person"),
    path("<str:person_id>/details", person_views.details, name="details"),
    path("<str:person_id>/export", person_views.export, name="export"),
    path("<str:person_id>/remove", person_views.remove, name="remove"),
    path("<str:person_id>/suspend", views.suspend, name="suspend"),
    path("<str:person_id>/activate", views.activate, name="activate"),
]
