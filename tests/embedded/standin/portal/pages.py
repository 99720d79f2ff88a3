import json
import os

from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.urls import path

from portal.demo.models import Visit


def readyz(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ready": True, "waiting_for": []})


def visits(request):
    Visit.objects.create()
    return HttpResponse(str(Visit.objects.count()))


def variables(request):
    return HttpResponse(json.dumps(sorted(name for name in os.environ if name.startswith("READMIT_"))))


urlpatterns = [path("readyz", readyz), path("visits", visits), path("variables", variables)]
