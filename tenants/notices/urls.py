from django.urls import path

from tenants.notices import views

app_name = "mailbox"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<str:message>", views.read, name="read"),
]
