"""mojeID: a preset of the adapter for eIDs through a broker."""

from __future__ import annotations

from vendors.adapters.eid.adapter import Preset
from vendors.adapters.eid.listing import eid_adapter
from vendors.contract import EidLevel
from vendors.contract import gettext_noop as _

ADAPTER = eid_adapter(
    "mojeid",
    title=_("mojeID"),
    summary=_("Sign-in of Polish banks as proof of who somebody is, through a broker."),
    acr_hint=_(
        "What your broker calls mojeID. For Signicat we infer idp:mojeid from how it names others: ask it. There is no test environment."
    ),
    preset=Preset("mojeid", EidLevel.SUBSTANTIAL),
)
