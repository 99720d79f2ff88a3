"""`/o/<organisation>/usage/savings/`"""

from django.urls import path

from recovery.readiness import savings_views

app_name = "savings"
urlpatterns = [path("", savings_views.savings, name="home")]
