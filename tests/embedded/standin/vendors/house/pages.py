import json
import os

from django.http import HttpResponse
from django.urls import path


def healthz(request):
    return HttpResponse("ok")


def variables(request):
    return HttpResponse(json.dumps(sorted(name for name in os.environ if name.startswith("READMIT_"))))


urlpatterns = [path("healthz", healthz), path("variables", variables)]
