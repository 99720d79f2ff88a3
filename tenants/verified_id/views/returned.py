"""Where a wallet sends its browser when nobody's page waits for it: an operator asked, from a command line."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """The same for everybody: nothing is looked up by what stands in the address, and nothing changes."""
    answer = render(request, "verified_id/returned.html", {"declined": "declined" in request.GET})
    answer.headers["Cache-Control"] = "no-store"
    return answer
