"""What the house partner says about itself before anybody chooses it."""

from __future__ import annotations

from decimal import Decimal

from vendors.contract import Listing, Manifest
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(slug="house", contract_status="public")

LISTING = Listing(
    title=_("Readmit house partner"),
    summary=_(
        "Photographs of a passport or identity card, judged by software, and a live face against its portrait."
    ),
    checks=(
        _("The machine-readable zone: layout, check digits, dates, issuing state, expiry."),
        _("The printed fields against the machine-readable zone: names, birth date, number, expiry."),
        _("Sharpness, glare, size and cropping of each photograph."),
        _("A live face: colours and head turns drawn anew each time, in a time that is bound to them."),
        _("The live face against the portrait in the document."),
    ),
    cannot_see=(
        _(
            "Holograms, optically variable ink, ultraviolet and infrared features: a photograph does not hold them."
        ),
        _("Microprint and engraving: a camera in a telephone does not resolve them."),
        _("A forged document whose zones all agree, with the forger's own face on it."),
        _(
            "A portrait that was pasted in, a printed copy, or a document on a screen: a photograph shows no sure sign."
        ),
        _(
            "A face fed in by a virtual camera that is lit and turned in time: a swapped face does it with one photograph."
        ),
        _("Whether the issuing authority reported the document lost or stolen."),
        _("The chip: it is not read."),
    ),
    keeps=(
        _(
            "Nothing of the person. Frames and photographs exist only in the memory of the process that judges them."
        ),
        _(
            "The portrait alone waits, sealed, for at most 30 minutes until it is fetched once; its key is then destroyed."
        ),
    ),
    where=_("On the machines this software runs on, in a process and database of its own."),
    documents=(_("Passports"), _("Identity cards with a machine-readable zone")),
    billable=_("A decision, pass or fail, is one check. Its price is 0.00 EUR."),
    not_billable=_("A partner's error, a time-out or an abandoned capture is none."),
    contract=_(
        "The same open contract as any OpenID Provider that returns verified claims; there is no shortcut inside."
    ),
    unit_price=Decimal("0.00"),
    currency="EUR",
    price_reason=_("It is part of the software: no third party is paid."),
)
