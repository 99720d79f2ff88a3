"""Swedish BankID, as the relying-party interface version 6 describes it."""

from __future__ import annotations

from datetime import timedelta

from vendors.adapters.bankid_se.adapter import BankIdAdapter
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(
    slug="bankid_se",
    contract_status="public",
    fields=(
        Field(
            "environment",
            _("Environment"),
            _("BankIDs of the test environment prove nothing about anybody: they open no real account."),
            kind="choice",
            choices=(("production", _("Production")), ("test", _("Test"))),
        ),
        Field(
            "identity",
            _("Your certificate with its private key"),
            _(
                "PEM, without a pass phrase. From a .p12 file: openssl pkcs12 -in your.p12 -nodes. It is sealed, and never "
                "shown again."
            ),
            kind="secret",
            is_long=True,
            holds="identity",
        ),
        Field(
            "server_root",
            _("BankID's root certificate"),
            _(
                "PEM, from BankID's documentation, for this environment. Only a server under it is believed: BankID's are "
                "under no public authority."
            ),
            is_long=True,
            holds="roots",
        ),
        Field(
            "strength",
            _("What the app asks for"),
            _(
                "Reading a chip is the strongest: the person holds a passport or identity card against their phone."
            ),
            kind="choice",
            choices=(
                ("any", _("Security code, finger or face")),
                ("code", _("Security code, always")),
                ("chip", _("The chip of a passport or identity card as well")),
            ),
        ),
        Field(
            "most_risk",
            _("Highest risk that is taken"),
            _("BankID judges each sign-in. Above this the answer is no."),
            kind="choice",
            choices=(
                ("moderate", _("Moderate")),
                ("low", _("Low")),
                ("any", _("Do not ask")),
            ),
        ),
        Field(
            "api_base",
            _("Address of a simulator"),
            _("Only where somebody develops. Empty means the partner itself."),
            kind="url",
            required=False,
        ),
        Field(
            "app_base",
            _("Address of the simulator's app"),
            _("Only where somebody develops. Empty means the app itself."),
            kind="url",
            required=False,
        ),
    ),
    terms_flags=frozenset({"no_id_switch", "contract_required"}),
    gives_portrait=False,
    proves_by="eid",
    asked_every=timedelta(seconds=2),
    needs_address=True,
)

LISTING = Listing(
    title=_("Swedish BankID"),
    summary=_("Sweden's eID of the banks: the app on a phone, or a code on a computer."),
    checks=(
        _("That the holder of the BankID gives its code, finger or face on their own device."),
        _(
            "On request: that they hold the chip of their passport or identity card, and how risky BankID finds it."
        ),
    ),
    cannot_see=(
        _("It hands over no portrait, so no live face can be compared with it."),
        _("Who was given the device and its code: the eID stands for whoever holds both."),
        _(
            "Whether somebody else's page shows the code to be scanned. It changes every second, and the app says what it is "
            "for; opening the app on the same device is safer."
        ),
    ),
    keeps=(
        _("BankID keeps nothing that could be deleted at its interface."),
        _("Readmit keeps of the personal number a keyed digest, never the number."),
    ),
    where=_("At BankID, in Sweden."),
    documents=(_("None: the eID takes their place."),),
    billable=_(
        "Your own contract with a bank pays for each transaction. Readmit counts it at the price you enter."
    ),
    not_billable=_("Errors, time-outs and sign-ins that people gave up are counted at nothing."),
    contract=_(
        "BankID's relying-party interface, version 6: mutual TLS, auth, collect every two seconds, cancel. The answer is "
        "believed by the connection; the signature inside it is not verified again."
    ),
    price_reason=_("Set by your own contract"),
)

ADAPTER = BankIdAdapter(MANIFEST, LISTING)
