"""What all partners that hand over a credential of their own have in common: the settings, and what is said before one is chosen."""

from __future__ import annotations

from dataclasses import replace

from vendors.adapters.handoff.adapter import HandoffAdapter
from vendors.contract import Field, Listing, Manifest
from vendors.contract import gettext_noop as _

FIELDS = (
    Field(
        "service",
        _("Address of the partner's service"),
        _(
            "The partner gives it to you with its answer to our contract, for example https://handoff.example.com/v1."
        ),
        kind="url",
    ),
    Field("client_id", _("Client ID"), _("The partner gave it to you when you registered Readmit.")),
    Field(
        "issuer_did",
        _("DID of the partner"),
        _(
            "The did:web that signs its credentials. Trust it first, under Verified ID, Trusted issuers: for proven identity, as "
            "SD-JWT, with the type the partner names."
        ),
    ),
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
        _(
            "A private JWK (EC P-256 or RSA) whose public half the partner has. Leave it empty if you use a secret."
        ),
        kind="secret",
        required=False,
        instead_of="credential",
    ),
    Field(
        "after_answer",
        _("When Readmit has its answer"),
        _("Readmit asks half an hour later, and again until the partner says that nothing is left."),
        kind="choice",
        choices=(
            ("keep", _("The partner keeps what your contract with it says")),
            ("erase", _("Ask the partner to erase the session")),
        ),
        required=False,
    ),
)

LISTING = Listing(
    title="",
    summary="",
    checks=(
        _("What the partner checks is written in your contract with it. Ask for it."),
        _(
            "Readmit checks the credential: signed by the DID you trust, whose linked domain says the same; issued and shown for this "
            "session; not expired, not revoked."
        ),
    ),
    cannot_see=(_("Readmit cannot see how the partner reached its answer."),),
    keeps=(
        _("What the partner keeps is written in your contract with it."),
        _(
            "Readmit takes names, document and portrait from the credential, seals them and destroys them after 30 minutes."
        ),
    ),
    where=_("At the partner."),
    documents=(_("Whatever the partner accepts."),),
    billable=_(
        "Your own contract pays for each check. Readmit counts it at the price you enter and never invoices it."
    ),
    not_billable=_("Errors, time-outs and checks that people gave up are counted at nothing."),
    contract=_(
        "Our published profile of the hand-off, not confirmed by the partner: a signed request, a VerifiedIdentity credential as "
        "SD-JWT VC of the partner's own did:web, shown as in OpenID4VP 1.0."
    ),
    price_reason=_("Set by your own contract"),
)


def handoff_adapter(slug: str, *, title: str, summary: str) -> HandoffAdapter:
    """One partner as an adapter of its own."""
    manifest = Manifest(
        slug=slug,
        contract_status="not_public",
        fields=FIELDS,
        terms_flags=frozenset({"contract_required"}),
        reads_credentials=True,
    )
    return HandoffAdapter(manifest, replace(LISTING, title=title, summary=summary))
