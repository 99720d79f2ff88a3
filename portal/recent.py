"""Dangerous moves ask for a recent sign-in.

Protects an organisation from a browser that was left open or a session that was stolen: what takes a way back from
people, or gives one, waits until whoever sits there has proven once more who they are. What it does not do: decide
whether they may.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit.errors import NotAllowed
from portal.kit.origins import page_to_return_to
from tenants.selectors import Seat

View = Callable[..., HttpResponse]
# When whoever came by a set-up link proved the invited address, in this browser's session.
SEAT_PROVEN_AT = "setup_seat_at"


def signed_in_recently(request: HttpRequest) -> bool:
    seat: Seat | None = getattr(request, "seat", None)
    if seat is not None and seat.is_limited:
        moments = [float(request.session.get(SEAT_PROVEN_AT, 0))]
    else:
        moments = [float(record.get("at", 0)) for record in get_authentication_records(request, request.user)]
    return time.time() - max(moments, default=0.0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def ask_again(request: HttpRequest) -> HttpResponse:
    """Back to the page the form stood on, once the person has signed in again."""
    seat: Seat | None = getattr(request, "seat", None)
    if seat is not None and seat.is_limited:
        raise NotAllowed(
            "seat_proven_long_ago",
            _("You proved your address a while ago. Open the link in the mail once more, then go on here."),
        )
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    best = ways[0]["url"] if ways else reverse("account_reauthenticate")
    return HttpResponseRedirect(f"{best}?{urlencode({'next': page_to_return_to(request)})}")


def recent_sign_in(view: View) -> View:
    """On a page whose GET shows what the POST will do: both wait until the person has signed in again."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signed_in_recently(request):
            return ask_again(request)
        return view(request, *args, **kwargs)

    return guarded
