"""The way in to `views`, which loads it when the first system asks.

The library that speaks SCIM describes every message while it is imported: more than a second of a core and tens of megabytes,
which processes that nobody provisions through do without.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from portal.middleware.scope import own_scope


@csrf_exempt
@own_scope
def serve(request: HttpRequest, slug: str, path: str = "") -> HttpResponse:
    """Any request below the base address."""
    return cast(HttpResponse, import_module("tenants.directory.scim.views").serve(request, slug, path))
