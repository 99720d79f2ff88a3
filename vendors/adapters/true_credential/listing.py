"""True Credential: a preset of the credential hand-off."""

from __future__ import annotations

from vendors.adapters.handoff.listing import handoff_adapter
from vendors.contract import gettext_noop as _

ADAPTER = handoff_adapter(
    "true_credential",
    title=_("True Credential"),
    summary=_(
        "A document and a selfie, judged by True Credential, which hands over a credential of its own."
    ),
)
