"""The EU PID, as SD-JWT VC, and what is said before it is chosen."""

from __future__ import annotations

from datetime import timedelta

from vendors.adapters.eu_pid.adapter import EuPidAdapter
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(
    slug="eu_pid",
    contract_status="public",
    fields=(
        Field(
            "environment",
            _("Environment"),
            _("PIDs of a test environment prove nothing about anybody: they open no real account."),
            kind="choice",
            choices=(("production", _("Production")), ("test", _("Test"))),
        ),
        Field(
            "client",
            _("How wallets know you"),
            _(
                "By your access certificate, under Verified ID, Access certificate. The digest is what European wallets expect; "
                "some older ones want the name."
            ),
            kind="choice",
            choices=(
                ("x509_hash", _("By the certificate's digest (x509_hash)")),
                ("x509_san_dns", _("By the host name in it (x509_san_dns)")),
            ),
        ),
        Field(
            "app_base",
            _("Address of the simulator's app"),
            _("Only where somebody develops. Empty means every wallet on the device."),
            kind="url",
            required=False,
        ),
    ),
    terms_flags=frozenset({"rp_registration"}),
    gives_portrait=False,
    proves_by="eid",
    asks_wallets=True,
    asked_every=timedelta(seconds=2),
)

LISTING = Listing(
    title=_("EU wallet"),
    summary=_("The identity that a state put into its citizen's European Digital Identity Wallet."),
    checks=(
        _(
            "That the PID was signed under a certificate you trust for PIDs, is in force and was not taken back: a status that "
            "cannot be read counts as taken back."
        ),
        _("That the wallet holding its key shows it for this very recovery."),
    ),
    cannot_see=(
        _("No portrait is asked for, so no live face can be compared with it."),
        _("Who unlocked the wallet: it stands for its owner, as the state vouches at the level high."),
        _(
            "Whether somebody else's page shows the code to be scanned. Opening the wallet on the same device is safer: only the "
            "browser that began gets the answer."
        ),
    ),
    keeps=(
        _("No partner stands in between. Wallet and PID provider keep what their own rules say."),
        _(
            "Readmit asks for names, date of birth, issuing country and one number. Of the number it keeps a keyed digest; the "
            "rest is sealed and destroyed after 30 minutes."
        ),
    ),
    where=_("On the person's own device."),
    documents=(_("None: the PID takes their place."),),
    billable=_(
        "Showing a PID costs nothing. Readmit counts it at the price you enter and never invoices it."
    ),
    not_billable=_("Errors, time-outs and requests that people gave up are counted at nothing."),
    contract=_(
        "OpenID4VP 1.0 with the High Assurance Interoperability Profile: a request signed with your access certificate, a DCQL query "
        "for urn:eudi:pid:1 as SD-JWT VC, an encrypted answer (direct_post.jwt). PIDs in the mdoc format are not read."
    ),
    price_reason=_("Showing is free; what registration costs is national"),
)

ADAPTER = EuPidAdapter(MANIFEST, LISTING)
