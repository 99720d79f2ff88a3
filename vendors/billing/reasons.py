"""The sentences behind the codes: why an entry costs what it costs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vendors.billing.models import Paid, UsageEntry, Why
from vendors.billing.unpriced import is_unpriced

SENTENCES = {
    Why.DECIDED: _("A decision was made, pass or fail. One decision is one check."),
    Why.OWN_CONTRACT: _(
        "A decision was made under your own contract with the partner. It is counted at the price you entered and never "
        "invoiced by us."
    ),
    Why.PARTNER_FAILED: _("The partner made an error or gave no usable answer. That costs nothing."),
    Why.TIMED_OUT: _("Nobody finished the check in time. That costs nothing."),
    Why.GIVEN_UP: _("The person gave up before a decision. That costs nothing."),
    Why.INCONCLUSIVE: _("The partner could not decide and let the person begin again. That costs nothing."),
    Why.RETAKE: _("The capture was not good enough to be judged and was taken again. That costs nothing."),
    Why.REUSED: _(
        "The person had proved who they are a short while before, and that proof served again. That costs nothing."
    ),
    Why.MOVED_BROWSERS: _(
        "The case moved to another browser, so the Face Check was repeated for safety. The repetition costs nothing."
    ),
    Why.DUPLICATE: _(
        "The same case had a decision of the same partner a short while before. Within the time on the partner's listing "
        "a repetition costs nothing."
    ),
    Why.NOT_CHARGED: _("This partner's listing says that this outcome costs nothing."),
    Why.CORRECTED: _("An earlier entry was wrong. This one takes it back, with its price."),
}


# What would be charged elsewhere, of a connection that costs nothing.
FREE = _("A decision was made. This connection is free: its checks are counted and cost nothing.")

# Of an own contract, before anybody said what it asks.
UNPRICED = _(
    "A decision was made under your own contract with the partner. Nobody had entered what one costs, so its cost is unknown; a price "
    "holds from when it is entered. It is never invoiced by us."
)


def sentence_of(why: str) -> str:
    return str(SENTENCES[Why(why)])


def why_of(entry: UsageEntry) -> str:
    """Of one entry: the reason alone does not say how its connection is paid."""
    if is_unpriced(entry) and entry.why == Why.OWN_CONTRACT:
        return str(UNPRICED)
    is_free = entry.billable and entry.connection_kind == Paid.FREE and entry.why == Why.DECIDED
    return str(FREE) if is_free else sentence_of(entry.why)
