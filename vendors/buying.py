"""What a purchase and a connection have to tell each other: paid means that it may be set up, ended that it rests."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import Invalid, NotHere
from portal.kit.outbox import Job
from vendors.catalogue.purchase_status import PurchaseStatus
from vendors.catalogue.purchasing import end_purchase, is_entitled, note_progress, settle_checkout
from vendors.models import Connection
from vendors.registry import entry_of, listed_as

REACHED = {
    Connection.Status.CONNECTING: PurchaseStatus.TESTING,
    Connection.Status.READY: PurchaseStatus.READY,
    Connection.Status.FAILING: PurchaseStatus.CONFIGURING,
    Connection.Status.REMOVED: PurchaseStatus.CONFIGURING,
}

FURTHEST = (
    Connection.Status.READY,
    Connection.Status.CONNECTING,
    Connection.Status.FAILING,
    Connection.Status.REMOVED,
)


def tell_purchase(connection: Connection) -> None:
    """The connection's status is the step that its purchase has reached; of several, that of the one that is furthest. A free
    partner was never bought."""
    if connection.kind != Connection.Kind.FREE:
        note_progress(listed_as(connection.vendor), REACHED[_furthest(connection)])


def _furthest(connection: Connection) -> Connection.Status:
    status = Connection.Status(connection.status)
    if not entry_of(connection.vendor).is_named:
        return status
    listing = listed_as(connection.vendor)
    others = Connection.objects.filter(vendor__startswith=listing).exclude(id=connection.id)
    found = {status, *(Connection.Status(one.status) for one in others if listed_as(one.vendor) == listing)}
    return next(each for each in FURTHEST if each in found)


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
