"""The names of the house partner's addresses, for drawing its pages here: its own project has models we do not."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def _nothing(request: HttpRequest, check: str) -> HttpResponse:
    return HttpResponse(status=204)


NAMES = ("here", "progress", "admission", "challenge", "choose-another", "continue")
urlpatterns = [path(f"check/<str:check>/{name}", _nothing, name=name) for name in NAMES]
