"""`/o/<organisation>/usage/payment/…`"""

from django.urls import path

from vendors.console import payment_views

app_name = "payment"
urlpatterns = [
    path("", payment_views.payment, name="home"),
    path("open/<str:currency>/<str:what>", payment_views.open_page, name="open"),
    path("continue/<str:call_id>/", payment_views.go_on, name="continue"),
]
