"""What a partner in use told by itself, and what it was asked to erase: read for the page of that partner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from portal.kit import clock
from vendors.contract import Erases, HandlesWebhook
from vendors.fetching import KEPT_SIGNALS
from vendors.models import Connection, PartnerSignal, ProofingAttempt
from vendors.planning import ERASING_SETTING, ERASING_WANTED
from vendors.registry import adapter_of


@dataclass(frozen=True, slots=True)
class Heard:
    """`signals`: it has a webhook. `is_new`: it was chosen less than two weeks ago, so that it may never have told anything.
    `erasing`: it can, and the organisation wants it or it was asked for somebody who was erased here."""

    signals: bool
    is_new: bool
    last_signal_at: datetime | None = None
    erasing: bool = False
    erased: int = 0
    waiting: int = 0


def heard_from(connection: Connection) -> Heard:
    """At most two queries, and none for a partner that does neither."""
    adapter: object = adapter_of(connection.vendor)
    signals = isinstance(adapter, HandlesWebhook)
    erases = isinstance(adapter, Erases)
    last = None
    if signals:
        last = PartnerSignal.objects.filter(connection=connection).aggregate(at=Max("created_at"))["at"]
    counts = {"erased": 0, "waiting": 0, "listed": 0}
    if erases:
        counts = ProofingAttempt.objects.filter(connection=connection).aggregate(
            erased=Count("id", filter=Q(erased_at__isnull=False)),
            waiting=Count("id", filter=Q(erase_asked_at__isnull=False, erased_at=None)),
            listed=Count("id", filter=Q(erase_due_at__isnull=False)),
        )
    is_wanted = connection.config.get(ERASING_SETTING) == ERASING_WANTED
    erasing = erases and (is_wanted or counts["listed"] > 0)
    is_new = connection.chosen_at > clock.now() - KEPT_SIGNALS
    return Heard(signals, is_new, last, erasing, counts["erased"], counts["waiting"])
