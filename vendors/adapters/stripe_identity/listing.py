"""Stripe Identity, as its public documentation describes it."""

from __future__ import annotations

from vendors.adapters.stripe_identity.adapter import StripeIdentityAdapter
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(
    slug="stripe_identity",
    contract_status="public",
    fields=(
        Field(
            "api_key",
            _("Restricted API key"),
            _(
                "It needs Identity: write, “Access recent sensitive verification results”, and Files: write. Secret keys "
                "cannot read the date of birth."
            ),
            kind="secret",
        ),
        Field(
            "webhook_secret",
            _("Signing secret of the webhook"),
            _(
                "Save without it first: the address to enter at the partner is shown then. Until it is here Readmit asks by "
                "itself, at least every two minutes."
            ),
            kind="secret",
            required=False,
        ),
        Field(
            "flow",
            _("Verification flow"),
            _("A flow of your own (vf_…). Empty means a document with a matching selfie."),
            required=False,
        ),
        Field(
            "after_answer",
            _("When Readmit has its answer"),
            _("Readmit asks half an hour later, and again until the partner says that nothing is left."),
            kind="choice",
            choices=(
                ("keep", _("The partner keeps what your settings there say")),
                ("erase", _("Ask the partner to erase the session")),
            ),
            required=False,
        ),
        Field(
            "api_base",
            _("Address of a simulator"),
            _("Only where somebody develops. Empty means the partner itself."),
            kind="url",
            required=False,
        ),
    ),
    terms_flags=frozenset({"no_resale", "contract_required"}),
)

LISTING = Listing(
    title=_("Stripe Identity"),
    summary=_(
        "A photographed passport, identity card or driving licence, and a selfie that is compared with it."
    ),
    checks=(
        _("The document: its kind, its signs of being genuine, its expiry."),
        _("A live selfie against the picture in the document."),
    ),
    cannot_see=(
        _("The chip: it is not read."),
        _("Which sign made a document look false: the partner names a cause, not a measure."),
    ),
    keeps=(
        _(
            "Stripe keeps pictures and what it read until you or it delete them. How long is in your agreement."
        ),
        _("Readmit fetches the selfie once, seals it and destroys it after 30 minutes."),
    ),
    where=_("At Stripe, in your own account."),
    documents=(_("Passports"), _("Identity cards"), _("Driving licences")),
    billable=_("Stripe charges each completed report, whether it was verified or not."),
    not_billable=_("Errors, time-outs and checks that people gave up are counted at nothing."),
    contract=_(
        "The Identity API of Stripe, read from its public documentation. Its terms forbid to resell it as a verification "
        "service, so that every organisation brings an account of its own."
    ),
    price_reason=_("Set by your own contract"),
)

ADAPTER = StripeIdentityAdapter(MANIFEST, LISTING)
