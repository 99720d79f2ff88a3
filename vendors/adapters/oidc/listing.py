"""How a provider that the tenant brings itself is listed: the open contract, and what nobody can know of it."""

from __future__ import annotations

from vendors.adapters.oidc.adapter import OidcAdapter
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(
    slug="oidc",
    contract_status="public",
    fields=(
        Field(
            "issuer",
            _("Issuer"),
            _("The provider's address, exactly as its metadata says it, for example https://id.example.com."),
            kind="url",
        ),
        Field("client_id", _("Client ID"), _("The provider gave it to you when you registered Readmit.")),
        Field(
            "client_secret",
            _("Client secret"),
            _("Leave it empty if you use a private key instead."),
            kind="secret",
            required=False,
            instead_of="credential",
        ),
        Field(
            "private_key",
            _("Private key"),
            _("A private JWK (EC P-256 or RSA) for private_key_jwt. Leave it empty if you use a secret."),
            kind="secret",
            required=False,
            instead_of="credential",
        ),
        Field(
            "trust_framework",
            _("Trust framework"),
            _(
                "The framework the provider answers under. Empty means IDV-DELEGATED, which most providers use."
            ),
            required=False,
        ),
    ),
    terms_flags=frozenset({"contract_required"}),
)

LISTING = Listing(
    title=_("Your own OpenID Provider"),
    summary=_("Any provider that returns verified claims over OpenID Connect, under a contract of your own."),
    checks=(_("What the provider checks is written in your contract with it. Ask for it."),),
    cannot_see=(
        _(
            "Readmit cannot see how the provider reached its answer: it checks who signed it and for whom, not the person."
        ),
    ),
    keeps=(
        _(
            "Readmit keeps no image. The portrait, if the provider sends one, is sealed and destroyed after 30 minutes."
        ),
        _("What the provider keeps is written in your contract with it."),
    ),
    where=_("At the provider you name."),
    documents=(_("Whatever the provider accepts."),),
    billable=_(
        "Your own contract pays for each check. Readmit counts it at the price you enter and never invoices it."
    ),
    not_billable=_("Errors, time-outs and checks that people gave up are counted at nothing."),
    contract=_(
        "OpenID Connect with pushed authorization requests (RFC 9126), PKCE, an issuer in the answer (RFC 9207) and "
        "verified_claims of OpenID Identity Assurance 1.0 in the ID Token. The answer must carry assurance_level "
        "(VERIFIED, FAILED or null), time, given_name and family_name; a portrait may come as an external attachment "
        "described as portrait, with its digest."
    ),
    price_reason=_("Set by your own contract"),
)

ADAPTER = OidcAdapter(MANIFEST, LISTING)
