"""What all eIDs through a broker have in common: the settings, and what is said of them before anybody chooses one."""

from __future__ import annotations

from dataclasses import replace

from vendors.adapters.eid.adapter import EidAdapter, Preset
from vendors.adapters.oidc.listing import MANIFEST as OIDC
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

_SHARED = tuple(field for field in OIDC.fields if field.name != "trust_framework")


def eid_adapter(
    slug: str, *, title: str, summary: str, acr_hint: str, preset: Preset, terms: frozenset[str] = frozenset()
) -> EidAdapter:
    """One preset as an adapter of its own."""
    manifest = Manifest(
        slug=slug,
        contract_status="public",
        fields=(
            *_SHARED,
            Field("acr", _("Name of the eID at your broker"), acr_hint),
        ),
        terms_flags=terms | {"contract_required"},
        gives_portrait=False,
        proves_by="eid",
    )
    return EidAdapter(manifest, replace(LISTING, title=title, summary=summary), preset)


LISTING = Listing(
    title="",
    summary="",
    checks=(_("The person signs in with the eID; who issued it vouches for name and date of birth."),),
    cannot_see=(
        _("It hands over no portrait, so no live face can be compared with it."),
        _("Who was given the device and its code: the eID stands for whoever holds both."),
    ),
    keeps=(_("What the broker and the eID keep is written in your contract with the broker."),),
    where=_("At the broker you name, and at who runs the eID."),
    documents=(_("None: the eID takes their place."),),
    billable=_(
        "Your contract with the broker pays for each transaction. Readmit counts it at the price you enter."
    ),
    not_billable=_("Errors, time-outs and sign-ins that people gave up are counted at nothing."),
    contract=_(
        "OpenID Connect through a broker, with pushed authorization requests (RFC 9126), PKCE and acr_values. The answer has "
        "to name the same acr."
    ),
    price_reason=_("Set by your own contract"),
)
