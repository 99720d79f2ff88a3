"""BankID (Sweden), through a broker: a preset of the adapter for eIDs through a broker."""

from __future__ import annotations

from vendors.adapters.eid.adapter import Preset
from vendors.adapters.eid.listing import eid_adapter
from vendors.contract import EidLevel
from vendors.contract import gettext_noop as _

ADAPTER = eid_adapter(
    "bankid_se_broker",
    title=_("BankID (Sweden), through a broker"),
    summary=_("The Swedish eID of the banks, through a broker."),
    acr_hint=_("What your broker calls it; at Signicat idp:sbid, at Idura urn:grn:authn:se:bankid."),
    preset=Preset("se_eid", EidLevel.SUBSTANTIAL),
    terms=frozenset({"no_id_switch"}),
)
