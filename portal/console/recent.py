"""Dangerous moves ask for a recent sign-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

View = Callable[..., HttpResponse]


def signed_in_recently(request: HttpRequest) -> bool:
    moments = [float(record.get("at", 0)) for record in get_authentication_records(request, request.user)]
    return time.time() - max(moments, default=0.0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def ask_again(next_url: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': next_url})}")


def recent_sign_in(view: View) -> View:
    """On a page whose GET shows what the POST will do: both wait until the person has signed in again."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signed_in_recently(request):
            return ask_again(request.path)
        return view(request, *args, **kwargs)

    return guarded
