"""The local mailbox's pages."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal.kit.ids import parse_public_id
from tenants.notices import mailbox


def _require_local() -> None:
    if settings.IS_PRODUCTION or settings.EMAIL_BACKEND != mailbox.BACKEND:
        raise Http404


def inbox(request: HttpRequest) -> HttpResponse:
    _require_local()
    to = request.GET.get("to", "")[:254]
    context = {"messages_found": mailbox.messages(to), "to": to}
    return render(request, "notices/mailbox.html", context)


def read(request: HttpRequest, message: str) -> HttpResponse:
    _require_local()
    try:
        found = mailbox.message(parse_public_id("mail", message))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return render(request, "notices/message.html", {"message": found})
