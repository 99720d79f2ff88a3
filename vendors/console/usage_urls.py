"""`/o/<organisation>/usage/…`"""

from django.urls import path

from vendors.console import export_views, face_price_views, reset_cost_views, usage_views

app_name = "usage"
urlpatterns = [
    path("", usage_views.usage, name="usage"),
    path("export", export_views.export, name="export"),
    path("csv", export_views.csv, name="csv"),
    path("reset-cost", reset_cost_views.reset_cost, name="reset_cost"),
    path("face-check-price", face_price_views.price, name="face_price"),
    path("<str:entry_id>/", usage_views.entry, name="entry"),
]
