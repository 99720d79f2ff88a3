"""`/o/<organisation>/partners/…`"""

from django.urls import path

from vendors.console import partner_browse_views as catalogue
from vendors.console import partner_views as views
from vendors.console import partner_yours_views as yours

app_name = "partners"
urlpatterns = [
    path("", catalogue.browse, name="browse"),
    path("compare", catalogue.compare, name="compare"),
    path("yours", yours.yours, name="yours"),
    path("<slug:vendor>/", views.partner, name="partner"),
    path("<slug:vendor>/state", views.state, name="state"),
    path("<slug:vendor>/choose", views.choose, name="choose"),
    path("<slug:vendor>/settings", views.settings, name="settings"),
    path("<slug:vendor>/test", views.test, name="test"),
    path("<slug:vendor>/remove", views.remove, name="remove"),
]
