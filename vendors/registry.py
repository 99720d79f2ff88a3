"""Every verification partner: a folder in `vendors/adapters/` and a line here (STYLE 9).

Adapters are named by string, so that imports keep running downhill.
"""

from __future__ import annotations

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


ADAPTERS: dict[str, Entry] = {
    "house": Entry(
        "vendors.adapters.house.adapter.ADAPTER",
        kind="free",
        config={"issuer": "HOUSE_ORIGIN"},
        secrets={"registration_token": "HOUSE_REGISTRATION_TOKEN"},
    ),
    "au10tix": Entry("vendors.adapters.au10tix.listing.ADAPTER", kind="own_contract"),
    "bankid_cz": Entry("vendors.adapters.bankid_cz.listing.ADAPTER", kind="own_contract"),
    "bankid_se": Entry("vendors.adapters.bankid_se.listing.ADAPTER", kind="own_contract"),
    "bankid_se_broker": Entry("vendors.adapters.bankid_se_broker.listing.ADAPTER", kind="own_contract"),
    "eu_pid": Entry("vendors.adapters.eu_pid.listing.ADAPTER", kind="own_contract"),
    "ftn": Entry("vendors.adapters.ftn.listing.ADAPTER", kind="own_contract"),
    "idemia_credential": Entry("vendors.adapters.idemia_credential.listing.ADAPTER", kind="own_contract"),
    "mitid": Entry("vendors.adapters.mitid.listing.ADAPTER", kind="own_contract"),
    "mojeid": Entry("vendors.adapters.mojeid.listing.ADAPTER", kind="own_contract"),
    "oidc": Entry("vendors.adapters.oidc.listing.ADAPTER", kind="own_contract"),
    "persona": Entry("vendors.adapters.persona.listing.ADAPTER", kind="own_contract"),
    "stripe_identity": Entry("vendors.adapters.stripe_identity.listing.ADAPTER", kind="own_contract"),
    "true_credential": Entry("vendors.adapters.true_credential.listing.ADAPTER", kind="own_contract"),
}


def entry_of(vendor: str) -> Entry:
    """NotHere for a partner nobody has listed."""
    if vendor not in ADAPTERS:
        raise NotHere("vendor_unknown")
    return ADAPTERS[vendor]


def adapter_of(vendor: str) -> Adapter:
    found: Adapter = import_string(entry_of(vendor).adapter)
    return found


def platform_config(entry: Entry) -> dict[str, str]:
    return {name: str(getattr(settings, setting)) for name, setting in entry.config.items()}


def platform_secrets(entry: Entry) -> dict[str, str]:
    return {name: str(getattr(settings, setting)) for name, setting in entry.secrets.items()}
