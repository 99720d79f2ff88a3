"""IDEMIA for Verified ID: a preset of the credential hand-off."""

from __future__ import annotations

from vendors.adapters.handoff.listing import handoff_adapter
from vendors.contract import gettext_noop as _

ADAPTER = handoff_adapter(
    "idemia_credential",
    title=_("IDEMIA for Verified ID"),
    summary=_("A document and a live face, judged by IDEMIA, which hands over a credential of its own."),
)
