"""IDEMIA ID&V, as far as its public samples tell."""

from __future__ import annotations

from vendors.adapters.idemia.adapter import LEVELS, IdemiaAdapter
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(
    slug="idemia",
    contract_status="reconstructed",
    fields=(
        Field(
            "api_key",
            _("API key"),
            _("The one for relying services (GIPS RS), from the dashboard of your environment."),
            kind="secret",
        ),
        Field(
            "capture_page",
            _("Address of your capture page"),
            _(
                "IDEMIA's Web Capture application, hosted by you. It keeps to our profile: /contracts/capture.md on this installation."
            ),
            kind="url",
        ),
        Field(
            "business_id",
            _("Business ID"),
            _("Of your configuration at IDEMIA, for example LOA1P. Empty: the usual one."),
            required=False,
        ),
        Field(
            "level",
            _("Level of assurance that is needed"),
            _("On IDEMIA's own scale. LOA2 where nothing is chosen."),
            kind="choice",
            choices=tuple((level, level) for level in LEVELS),
            required=False,
        ),
        Field(
            "after_answer",
            _("When Readmit has its answer"),
            _("Readmit asks half an hour later, and again until the partner says that nothing is left."),
            kind="choice",
            choices=(
                ("keep", _("The partner keeps it until the transaction runs out")),
                ("erase", _("Ask for the proof, which discards the transaction")),
            ),
            required=False,
        ),
        Field(
            "api_base",
            _("Address of the service"),
            _(
                "Empty means IDEMIA's European one, the only one that its public samples name. What any other answers is a rehearsal."
            ),
            kind="url",
            required=False,
        ),
    ),
    terms_flags=frozenset({"contract_required"}),
)

LISTING = Listing(
    title=_("IDEMIA ID&V"),
    summary=_(
        "A document and a live face, captured on your own page with IDEMIA's software and judged by IDEMIA."
    ),
    checks=(
        _("The document in five categories of evidence, and a face in a passive or active capture."),
        _("Readmit takes a yes only with one verified document, a verified face and the level you ask for."),
    ),
    cannot_see=(
        _("How evidence becomes a level of assurance is a scale of IDEMIA's own."),
        _("When the document expires: no public sample says where that stands."),
    ),
    keeps=(
        _("IDEMIA keeps data only for the running transaction: the proof, or a time-out, ends it."),
        _("Readmit fetches the portrait once, seals it and destroys it after 30 minutes."),
    ),
    where=_("At IDEMIA, in the region of your environment."),
    documents=(_("Whatever your environment accepts; IDEMIA answers that through its API."),),
    billable=_(
        "Your own contract says what IDEMIA charges. Readmit counts each decision at the price you enter."
    ),
    not_billable=_("Errors, time-outs and checks that people gave up are counted at nothing."),
    contract=_(
        "Reconstructed from IDEMIA's public samples of its identity proofing service. How your capture page is told whom it is for "
        "is our published profile, not confirmed by the partner."
    ),
    price_reason=_("Set by your own contract"),
)

ADAPTER = IdemiaAdapter(MANIFEST, LISTING)
