"""`/o/<organisation>/recovery/tell/`"""

from django.urls import path

from recovery.console import tell_views

app_name = "tell"
urlpatterns = [path("", tell_views.home, name="home")]
