from django.urls import path

from portal.demo import views

app_name = "demo"
urlpatterns = [
    path("try", views.try_it, name="try"),
    path("try/person", views.person, name="person"),
    path("try/recover", views.recover, name="recover"),
    path("try/mail", views.mail, name="mail"),
]
