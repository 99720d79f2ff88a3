"""`/scim/<organisation>/v2/…`"""

from django.urls import path

from tenants.directory.scim import views

app_name = "scim"
urlpatterns = [
    path("<slug:slug>/v2", views.serve, name="root"),
    path("<slug:slug>/v2/", views.serve),
    path("<slug:slug>/v2/<path:path>", views.serve, name="serve"),
]
