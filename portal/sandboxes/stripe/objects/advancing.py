"""What happens by itself when time passes: periods begin, drafts are finalised, failed payments are tried again."""

from __future__ import annotations

from collections.abc import Callable

from portal.sandboxes.stripe.models import Record
from portal.sandboxes.stripe.objects import checkout, invoice_moves, invoices, subscription_changes
from portal.sandboxes.stripe.store import Doc, Store

# Far more than any two years hold: a loop that does not end is a fault, not a wait.
MOST_STEPS = 20_000


def run(store: Store, clock: str, until: int) -> int:
    """Do what is due on a clock up to a moment, in its order; how much that was."""
    steps = 0
    while (record := _next(store, clock, until)) is not None:
        steps += 1
        if steps > MOST_STEPS:
            raise RuntimeError("Advancing does not end.")
        moment = int(record.due_at or 0)
        if clock:
            store.moments[clock] = max(moment, store.now(clock))
        record.due_at = None
        record.save(update_fields=["due_at"])
        ACTIONS[record.kind](store, dict(record.data))
    return steps


def _next(store: Store, clock: str, until: int) -> Record | None:
    due = Record.objects.filter(account=store.account, clock=clock, due_at__lte=until, deleted=False)
    return due.order_by("due_at", "position").first()


def _advance_invoice(store: Store, invoice: Doc) -> None:
    invoice_moves.advance(store, invoice)
    after = invoices.taken(store, invoice["id"])
    if after["status"] == "open" and after["attempt_count"] > len(invoice_moves.TRIES):
        subscription_changes.after_last_try(store, after)


ACTIONS: dict[str, Callable[[Store, Doc], None]] = {
    "invoice": _advance_invoice,
    "subscription": subscription_changes.advance,
    "checkout.session": checkout.expire_now,
}


def run_real_time(now: int) -> int:
    """What is due without a test clock, in every account."""
    accounts = Record.objects.filter(clock="", due_at__lte=now, deleted=False).values_list(
        "account", flat=True
    )
    return sum(run(Store(account), "", now) for account in set(accounts))
