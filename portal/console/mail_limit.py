"""How much mail one member may cause.

Protects people who never heard of us from letters in our name, and our name from whoever founds an organisation to send
them. What it does not do: judge what an organisation calls itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.kit.limits import Limit, take
from portal.kit.scope import tenant_scope
from portal.rights import seat_of

View = Callable[..., HttpResponse]
# A department is invited in an hour; a list of addresses from elsewhere is not.
MAILS_OF_MEMBER = Limit("mail_of_member", 100, 3600)


def sends_mail(view: View) -> View:
    """Counts what is sent to this view before its scope opens: a counter commits before it compares (STYLE 19)."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seat = seat_of(request)
        if request.method == "POST":
            take(MAILS_OF_MEMBER, f"{seat.tenant.id}|{seat.member_id}")
        with tenant_scope(seat.tenant.id):
            return view(request, *args, **kwargs)

    counted.own_scope = True  # type: ignore[attr-defined]
    return counted
