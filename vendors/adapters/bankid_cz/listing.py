"""Bank iD (Czechia): a preset of the adapter for eIDs through a broker."""

from __future__ import annotations

from vendors.adapters.eid.adapter import Preset
from vendors.adapters.eid.listing import eid_adapter
from vendors.contract import EidLevel
from vendors.contract import gettext_noop as _

ADAPTER = eid_adapter(
    "bankid_cz",
    title=_("Bank iD (Czechia)"),
    summary=_("Sign-in of Czech banks as proof of who somebody is, through a broker."),
    acr_hint=_("What your broker calls it; at Signicat idp:bankid-cz."),
    preset=Preset("cz_aml", EidLevel.SUBSTANTIAL, scope="openid profile bankid-cz-aml", says="cz_aml"),
)
