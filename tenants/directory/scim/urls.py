"""`/scim/<organisation>/v2/…`"""

from django.urls import path

from tenants.directory.scim.door import serve

app_name = "scim"
urlpatterns = [
    path("<slug:slug>/v2", serve, name="root"),
    path("<slug:slug>/v2/", serve),
    path("<slug:slug>/v2/<path:path>", serve, name="serve"),
]
