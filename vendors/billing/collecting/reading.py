"""Reading the inbox: for each object that events are about, one look at how it stands now.

Events arrive in any order, several times, and before we know of their object, so none is believed: its object is fetched
anew, and events about one object share one look. What cannot be placed (nobody's customer, no such object, the other
mode, somebody else's account) is kept aside where `reconcile` shows it, is tried again, and holds up nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.kit import clock
from portal.kit.errors import Misconfigured, Refused, Unavailable
from portal.kit.scope import tenant_scope
from vendors.billing.collecting import client
from vendors.billing.collecting.facts import Fact, read_fact
from vendors.billing.collecting.hook import SOURCE
from vendors.billing.collecting.mirroring import apply_fact, draw_ticket
from vendors.billing.collecting.models import FactKind, Payer, PaymentEvent, PaymentFact

log = logging.getLogger("readmit.billing.stripe")
Outcome = PaymentEvent.Outcome
AT_ONCE = 200
LEASE = timedelta(seconds=60)
# How often an event that cannot be placed is tried again by itself; then `reconcile` does.
TRIES = 6


class _Aside(Exception):
    """Cannot be placed, by its code."""


def read_events(limit: int = AT_ONCE) -> int:
    """Handle what is due; how many events that was."""
    if not settings.STRIPE_SECRET_KEY:
        return 0
    groups: dict[tuple[str, str, str, bool], list[PaymentEvent]] = {}
    due = _claim(limit)
    for event in due:
        key = (event.source, event.object_kind, event.object_id, event.is_live)
        groups.setdefault(key, []).append(event)
    for events in groups.values():
        _handle(events)
    return len(due)


def _claim(limit: int) -> list[PaymentEvent]:
    """Events that nobody else works on; whoever dies over them gives them back after a minute."""
    with transaction.atomic():
        rows = PaymentEvent.objects.select_for_update(skip_locked=True).defer("body_sealed")
        due = list(rows.filter(handled_at=None, next_at__lte=clock.now()).order_by("next_at", "id")[:limit])
        PaymentEvent.objects.filter(id__in=[event.id for event in due]).update(next_at=clock.now() + LEASE)
    return due


def _handle(events: Sequence[PaymentEvent]) -> None:
    """All events about one object. Whatever goes wrong with it is noted on them and stops nobody else."""
    try:
        _place(events)
    except _Aside as problem:
        _set_aside(events, str(problem))
    except (Unavailable, Misconfigured) as problem:
        _try_later(events, problem.code)
    except Exception:
        log.exception("stripe.event_failed")
        _try_later(events, "failed")


def _place(events: Sequence[PaymentEvent]) -> None:
    event = events[0]
    if event.source != SOURCE:
        raise _Aside("other_account")
    if event.is_live != client.is_live():
        raise _Aside("other_mode")
    if event.object_kind in FactKind.values and event.object_id:
        _place_object(events)
    else:
        _finish(events, Outcome.IGNORED)


def _place_object(events: Sequence[PaymentEvent]) -> None:
    event, kind = events[0], FactKind(events[0].object_kind)
    ticket = draw_ticket()
    try:
        doc = client.fetch(kind, event.object_id)
    except Refused as problem:
        raise _Aside(problem.code[:40]) from problem
    fact = read_fact(doc) if doc is not None else Fact(kind, event.object_id, is_gone=True)
    tenant_id = _tenant_of(fact, events)
    with tenant_scope(tenant_id):
        if doc is None and not PaymentFact.objects.filter(stripe_id=fact.stripe_id).exists():
            raise _Aside("unknown_object")
        apply_fact(fact, ticket)
        _finish(events, Outcome.APPLIED)


def _tenant_of(fact: Fact, events: Sequence[PaymentEvent]) -> UUID:
    """Of the customer the object itself names. What the event said counts only where the object names nobody any more:
    one that is gone, or a card that was taken off."""
    named = [fact.customer] if fact.customer else sorted({event.customer for event in events} - {""})
    payers = list(Payer.objects.filter(customer__in=named))
    if len({payer.tenant_id for payer in payers}) != 1:
        raise _Aside("unknown_customer")
    return payers[0].tenant_id


# ------------------------------------------------------------------ what became of them


def _ids(events: Sequence[PaymentEvent]) -> list[UUID]:
    return [event.id for event in events]


def _finish(events: Sequence[PaymentEvent], outcome: PaymentEvent.Outcome) -> None:
    PaymentEvent.objects.filter(id__in=_ids(events)).update(outcome=outcome, handled_at=clock.now(), code="")


def _try_later(events: Sequence[PaymentEvent], code: str) -> None:
    for event in events:
        pause = min(timedelta(seconds=2 ** min(event.attempts + 1, 12)), timedelta(minutes=10))
        PaymentEvent.objects.filter(id=event.id).update(
            attempts=event.attempts + 1, code=code[:40], next_at=clock.now() + pause
        )


def _set_aside(events: Sequence[PaymentEvent], code: str) -> None:
    """Visible at once, tried again for some minutes in case its customer is just being made."""
    _try_later(events, code)
    PaymentEvent.objects.filter(id__in=_ids(events)).update(outcome=Outcome.ASIDE)
    PaymentEvent.objects.filter(id__in=_ids(events), attempts__gte=TRIES).update(handled_at=clock.now())
    log.warning("stripe.event_aside", extra={"code": code})


def take_up_again() -> int:
    """Give every event that was kept aside another try; how many there are."""
    return PaymentEvent.objects.filter(outcome=Outcome.ASIDE).update(handled_at=None, next_at=clock.now())


# So long what was handled can be looked at. Stripe itself tells its events for thirty days.
KEPT = timedelta(days=90)


def prune_events() -> int:
    """Let go of events that were handled long ago; how many. What is kept aside stays. Periodic."""
    done = PaymentEvent.objects.filter(
        outcome__in=(Outcome.APPLIED, Outcome.IGNORED), handled_at__lt=clock.now() - KEPT
    )
    return done.delete()[0]


def kept_aside() -> list[PaymentEvent]:
    return list(PaymentEvent.objects.filter(outcome=Outcome.ASIDE).defer("body_sealed").order_by("id")[:1000])
