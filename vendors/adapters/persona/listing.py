"""Persona, as its public documentation describes it."""

from __future__ import annotations

from vendors.adapters.persona.adapter import PersonaAdapter
from vendors.contract import Field, Listing, Manifest, Reference
from vendors.contract import gettext_noop as _

MANIFEST = Manifest(
    slug="persona",
    contract_status="public",
    fields=(
        Field(
            "api_key",
            _("API key"),
            _("It needs to read and write inquiries and to read verifications."),
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
            "template_id",
            _("Inquiry template"),
            _("The template to use (itmpl_…). It must ask for a government ID and a selfie."),
        ),
        Field(
            "decision_status",
            _("Last word"),
            _("Which status of your template decides."),
            kind="choice",
            choices=(
                ("approved", _("Approved or declined, by a workflow or a person")),
                ("completed", _("Completed: the template has no workflow that approves")),
            ),
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
    terms_flags=frozenset({"contract_required"}),
    takes=frozenset({Reference.NAMES, Reference.BIRTHDATE}),
)

LISTING = Listing(
    title=_("Persona"),
    summary=_("A photographed government document and a selfie, judged by the rules of your own template."),
    checks=(
        _("What your template asks for: a government document, and a selfie that is compared with it."),
        _(
            "Readmit takes a yes only with a document that passed. A selfie that was taken must have passed too."
        ),
    ),
    cannot_see=(
        _("Which rules your template holds: change them at Persona and the same yes means something else."),
        _("Whether a person or software approved."),
    ),
    keeps=(
        _("Persona keeps pictures and what it read for as long as you set there."),
        _("Readmit fetches the portrait once, seals it and destroys it after 30 minutes."),
    ),
    where=_("At Persona, in your own organisation there."),
    documents=(_("Whatever your template accepts."),),
    billable=_(
        "Your own contract says what Persona charges. Readmit counts each decision at the price you enter."
    ),
    not_billable=_("Errors, time-outs and checks that people gave up are counted at nothing."),
    contract=_(
        "Persona's API, read from its public documentation. It does not say how old a webhook may be: Readmit takes five "
        "minutes."
    ),
    price_reason=_("Set by your own contract"),
)

ADAPTER = PersonaAdapter(MANIFEST, LISTING)
