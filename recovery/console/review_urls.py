"""`/o/<organisation>/recovery/reviews/…`"""

from django.urls import path

from recovery.console import review_views

app_name = "reviews"
urlpatterns = [
    path("", review_views.reviews, name="list"),
    path("<str:case_id>/", review_views.review, name="case"),
]
