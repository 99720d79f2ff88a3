"""MitID: a preset of the adapter for eIDs through a broker."""

from __future__ import annotations

from vendors.adapters.eid.adapter import Preset
from vendors.adapters.eid.listing import eid_adapter
from vendors.contract import gettext_noop as _

ADAPTER = eid_adapter(
    "mitid",
    title=_("MitID"),
    summary=_("The Danish national eID, through a broker."),
    acr_hint=_("What your broker calls MitID, with the level you want. Its documentation lists the values."),
    # MitID is handed out at three levels, so that its name alone says nothing.
    preset=Preset("mitid"),
)
