"""What a purchase and a connection have to tell each other: paid means that it may be set up, ended that it rests."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Invalid, NotHere
from portal.kit.outbox import Job
from vendors.catalogue.purchase_status import PurchaseStatus
from vendors.catalogue.purchasing import end_purchase, is_entitled, note_progress, settle_checkout
from vendors.models import Connection

REACHED = {
    Connection.Status.CONNECTING: PurchaseStatus.TESTING,
    Connection.Status.READY: PurchaseStatus.READY,
    Connection.Status.FAILING: PurchaseStatus.CONFIGURING,
    Connection.Status.REMOVED: PurchaseStatus.CONFIGURING,
}


def tell_purchase(connection: Connection) -> None:
    """The connection's status is the step that its purchase has reached. A free partner was never bought."""
    if connection.kind != Connection.Kind.FREE:
        note_progress(connection.vendor, REACHED[Connection.Status(connection.status)])


def may_be_set_up(vendor: str, kind: str) -> bool:
    """What is paid through us is set up once it was bought."""
    return kind != Connection.Kind.THROUGH_US or is_entitled(vendor)


def require_bought(vendor: str, kind: str) -> None:
    """Invalid for a partner that is paid through us and was not bought."""
    if not may_be_set_up(vendor, kind):
        raise Invalid("partner_not_bought", _("Buy this partner first: it is paid through us."))


def on_checkout_seen(job: Job) -> None:
    """A payment page is complete or ran out."""
    purchase = settle_checkout(job.payload["checkout"])
    if purchase is None:
        return
    connection = (
        Connection.objects.filter(vendor=purchase.slug).exclude(status=Connection.Status.REMOVED).first()
    )
    if connection is not None:
        tell_purchase(connection)


def on_end_purchase(job: Job) -> None:
    """Its period is over. A partner that is paid through us is paused: nobody new is sent where nobody pays."""
    try:
        ended = end_purchase(job.uuid("purchase_id"))
    except NotHere:
        return
    if ended is not None:
        through_us = Connection.objects.filter(
            vendor=ended.slug, kind=Connection.Kind.THROUGH_US, paused_at=None
        )
        through_us.exclude(status=Connection.Status.REMOVED).update(paused_at=clock.now())
