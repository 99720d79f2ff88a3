"""`/o/<organisation>/partners/…`"""

from django.urls import path

from vendors.console import partner_views as views

app_name = "partners"
urlpatterns = [
    path("", views.browse, name="browse"),
    path("<slug:vendor>/", views.partner, name="partner"),
    path("<slug:vendor>/state", views.state, name="state"),
    path("<slug:vendor>/choose", views.choose, name="choose"),
    path("<slug:vendor>/settings", views.settings, name="settings"),
    path("<slug:vendor>/test", views.test, name="test"),
    path("<slug:vendor>/remove", views.remove, name="remove"),
]
