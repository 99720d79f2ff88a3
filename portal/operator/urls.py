"""`/operator/…`: for whoever runs the platform."""

from django.urls import path

from portal.operator import views

app_name = "operator"
urlpatterns = [
    path("refunds/", views.refunds, name="refunds"),
    path("refunds/<slug:slug>/<str:refund>", views.refund, name="refund"),
]
