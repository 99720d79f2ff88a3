"""`/hooks/stripe`: what Stripe tells us, taken in and nothing more.

Protects the mirror from everybody who is not Stripe, from old and altered deliveries and from floods of bytes. A delivery
that holds is one insert under its event's id, so that the hundredth copy adds nothing. What it does not do: believe what
an event says, or act on it; `reading` fetches the object anew.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.kit.errors import Refused
from portal.kit.sealed import Context, seal
from vendors.billing.collecting.client import read_event
from vendors.billing.collecting.models import PaymentEvent

log = logging.getLogger("readmit.billing.stripe")
SOURCE = "stripe"
# An event carries one object; the largest, an invoice, shows ten of its lines.
MAX_BYTES = 500_000


def _answer(status: int, word: str) -> HttpResponse:
    return HttpResponse(f"{word}\n", status=status, content_type="text/plain")


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """200 for an event that is kept now or was kept before; 4xx for anything Stripe would not send."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise Http404
    if request.content_type != "application/json":
        return _answer(415, "not json")
    length = request.headers.get("Content-Length", "")
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BYTES:
        return _answer(413, "too large")
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return _answer(413, "too large")
    try:
        event = read_event(
            body, request.headers.get("Stripe-Signature", ""), secret=settings.STRIPE_WEBHOOK_SECRET
        )
    except Refused as refused:
        log.warning("stripe.hook_refused", extra={"code": refused.code})
        return _answer(400, refused.code)
    row = PaymentEvent(
        source=SOURCE if not event.account else f"{SOURCE}:{event.account}"[:120],
        external_id=event.id,
        name=event.name[:80],
        object_kind=event.object_kind[:60],
        object_id=event.object_id,
        customer=event.customer,
        is_live=event.is_live,
    )
    row.body_sealed = seal(body, Context("billing_paymentevent", "body_sealed", row.id))
    PaymentEvent.objects.bulk_create([row], ignore_conflicts=True)
    return _answer(200, "kept")
