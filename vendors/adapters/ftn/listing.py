"""Finnish Trust Network: a preset of the adapter for eIDs through a broker."""

from __future__ import annotations

from vendors.adapters.eid.adapter import Preset
from vendors.adapters.eid.listing import eid_adapter
from vendors.contract import EidLevel
from vendors.contract import gettext_noop as _

ADAPTER = eid_adapter(
    "ftn",
    title=_("Finnish Trust Network"),
    summary=_("Finnish banks and mobile operators vouch for who somebody is, through a broker."),
    acr_hint=_("What your broker calls the Finnish Trust Network. Its documentation lists the values."),
    preset=Preset("ftn", EidLevel.SUBSTANTIAL),
)
