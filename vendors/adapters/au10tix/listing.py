"""AU10TIX: a preset of the credential hand-off."""

from __future__ import annotations

from vendors.adapters.handoff.listing import handoff_adapter
from vendors.contract import gettext_noop as _

ADAPTER = handoff_adapter(
    "au10tix",
    title=_("AU10TIX"),
    summary=_("A document and a selfie, judged by AU10TIX, which hands over a credential of its own."),
)
