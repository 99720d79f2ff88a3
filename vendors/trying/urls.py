"""`/contracts/…`"""

from django.urls import path

from vendors.trying import views

app_name = "contracts"
urlpatterns = [
    path("handoff.md", views.handoff, name="handoff"),
    path("capture.md", views.capture, name="capture"),
    path("openid", views.contract, name="openid"),
    path("openid/test", views.begin, name="begin"),
    path("openid/return", views.come_back, name="come_back"),
    path("openid/test/<str:address>", views.test, name="test"),
    path("openid/test/<str:address>/state", views.state, name="state"),
]
