"""URLconf of the wallet's host. Every page is the same for everybody: what a person has stays in the browser."""

from django.urls import path

from portal.wallet import views

app_name = "wallet"

urlpatterns = [
    path("", views.cards, name="cards"),
    path("card", views.card, name="card"),
    path("history", views.history, name="history"),
    path("offer", views.offer, name="offer"),
    path("present", views.present, name="present"),
]
