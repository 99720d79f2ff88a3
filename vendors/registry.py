"""Every verification partner: a folder in `vendors/adapters/` and a line here (STYLE 9).

Of some a tenant may have several, each with a name of its own: `oidc-north-bank` is one of the connections that are listed as
`oidc`. The key tells them apart everywhere, in the ledger, in addresses and in commands; what they can do is written once
(decision 0060). Adapters are named by string, so that imports keep running downhill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from portal.kit.errors import NotHere
from vendors.contract import Adapter


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind` is how it is paid. `config` and `secrets` are what the platform hands in, by the name of a setting."""

    adapter: str
    kind: str
    config: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    is_named: bool = False  # a tenant may connect several, each under a name
    # Who plays it (`manage.py simulator KEY`), and what is entered beside what that says of itself.
    simulator: str = ""
    played: Mapping[str, str] = field(default_factory=dict)


ADAPTERS: dict[str, Entry] = {
    "house": Entry(
        "vendors.adapters.house.adapter.ADAPTER",
        kind="free",
        config={"issuer": "HOUSE_ORIGIN"},
        secrets={"registration_token": "HOUSE_REGISTRATION_TOKEN"},
    ),
    "au10tix": Entry("vendors.adapters.au10tix.listing.ADAPTER", kind="own_contract", simulator="handoff"),
    "bankid_cz": Entry(
        "vendors.adapters.bankid_cz.listing.ADAPTER",
        kind="own_contract",
        simulator="oidc",
        played={"acr": "idp:bankid-cz"},
    ),
    "bankid_se": Entry(
        "vendors.adapters.bankid_se.listing.ADAPTER", kind="own_contract", simulator="bankid_se"
    ),
    "bankid_se_broker": Entry(
        "vendors.adapters.bankid_se_broker.listing.ADAPTER",
        kind="own_contract",
        simulator="oidc",
        played={"acr": "urn:simulator:se:bankid"},
    ),
    "eu_pid": Entry("vendors.adapters.eu_pid.listing.ADAPTER", kind="own_contract", simulator="eu_pid"),
    "ftn": Entry(
        "vendors.adapters.ftn.listing.ADAPTER",
        kind="own_contract",
        simulator="oidc",
        played={"acr": "urn:simulator:fi:ftn"},
    ),
    "idemia": Entry("vendors.adapters.idemia.listing.ADAPTER", kind="own_contract", simulator="idemia"),
    "idemia_credential": Entry(
        "vendors.adapters.idemia_credential.listing.ADAPTER", kind="own_contract", simulator="handoff"
    ),
    "mitid": Entry(
        "vendors.adapters.mitid.listing.ADAPTER",
        kind="own_contract",
        simulator="oidc",
        played={"acr": "urn:simulator:dk:mitid:substantial"},
    ),
    "mojeid": Entry(
        "vendors.adapters.mojeid.listing.ADAPTER",
        kind="own_contract",
        simulator="oidc",
        played={"acr": "urn:simulator:pl:mojeid"},
    ),
    "oidc": Entry(
        "vendors.adapters.oidc.listing.ADAPTER", kind="own_contract", is_named=True, simulator="oidc"
    ),
    "persona": Entry("vendors.adapters.persona.listing.ADAPTER", kind="own_contract", simulator="persona"),
    "stripe_identity": Entry(
        "vendors.adapters.stripe_identity.listing.ADAPTER", kind="own_contract", simulator="stripe_identity"
    ),
    "true_credential": Entry(
        "vendors.adapters.true_credential.listing.ADAPTER", kind="own_contract", simulator="handoff"
    ),
}


# What a name is made of; the whole key has to fit beside others.
MOST_NAME = 30
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def listed_as(vendor: str) -> str:
    """The key of its listing: for most the same."""
    listing, _dash, name = vendor.partition("-")
    return listing if name and is_name(name) and _takes_names(listing) else vendor


def _takes_names(listing: str) -> bool:
    return listing in ADAPTERS and ADAPTERS[listing].is_named


def is_name(text: str) -> bool:
    return len(text) <= MOST_NAME and _NAME.fullmatch(text) is not None


def own_name(vendor: str) -> str:
    """What the tenant called this one of several; empty for every other."""
    listing = listed_as(vendor)
    return "" if listing == vendor else vendor.removeprefix(f"{listing}-")


def is_listed(vendor: str) -> bool:
    return listed_as(vendor) in ADAPTERS


def entry_of(vendor: str) -> Entry:
    """NotHere for a partner nobody has listed."""
    if not is_listed(vendor):
        raise NotHere("vendor_unknown")
    return ADAPTERS[listed_as(vendor)]


def adapter_of(vendor: str) -> Adapter:
    found: Adapter = import_string(entry_of(vendor).adapter)
    return found


def platform_config(entry: Entry) -> dict[str, str]:
    return {name: str(getattr(settings, setting)) for name, setting in entry.config.items()}


def platform_secrets(entry: Entry) -> dict[str, str]:
    return {name: str(getattr(settings, setting)) for name, setting in entry.secrets.items()}
