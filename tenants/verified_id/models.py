"""The tenant's authority: keys, linked domain, issuances, credentials, presentations. A credential names no account."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.models import TenantForeignKey, TenantModel
from tenants.verified_id.trial.models import Trial, TrialMessage

__all__ = [
    "Authority",
    "BulkRevocation",
    "ClientCertificate",
    "Credential",
    "CredentialCopy",
    "Issuance",
    "IssuanceOffer",
    "LinkedDomain",
    "Presentation",
    "ProofNonce",
    "SigningKey",
    "StatusList",
    "Trial",
    "TrialMessage",
    "TrustedIssuer",
]


class Authority(TenantModel):
    """Issuer and verifier of one tenant. The DID is fixed when it is created."""

    prefix: ClassVar[str] = "authority"

    did = models.CharField(max_length=300)
    issuer = models.CharField(max_length=300)
    vct = models.CharField(max_length=300)
    card_title = models.CharField(max_length=60, default="Verified ID")
    # The title in other languages, by language tag; a wallet shows the one its owner reads.
    card_titles = models.JSONField(default=dict)
    # Empty: the tenant's accent, and black or white upon it.
    card_background = models.CharField(max_length=7, blank=True)
    card_text = models.CharField(max_length=7, blank=True)
    left_out = models.JSONField(default=list)
    lifetime_days = models.PositiveSmallIntegerField(default=365)
    # The card is offered as a W3C credential in a JWT too, in which nothing can be kept back.
    offers_jwt = models.BooleanField(default=False)
    # A card that was offered outside a recovery waits for a member's look.
    review_first = models.BooleanField(default=False)
    # Wallets may encrypt what they ask to the first of these (OpenID4VCI 1.0, section 10); the one before still opens.
    encryption_jwks = models.JSONField(default=list)
    encryption_sealed = models.BinaryField(null=True)
    # What a fetch over the network found last: [{"what", "address", "ok", "problem"}].
    published = models.JSONField(default=list)
    published_checked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="authority_one")]


class SigningKey(TenantModel):
    """An ES256 key. `kid` is the absolute DID URL whose fragment is the thumbprint. The private half is sealed here, or
    rests at a key service under `service_name`."""

    class State(models.TextChoices):
        PENDING = "pending", _("Published, not used yet")
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("Retired")
        REVOKED = "revoked", _("Revoked")

    kid = models.CharField(max_length=400)
    public_jwk = models.JSONField()
    service = models.CharField(max_length=12, default="local")
    service_name = models.CharField(max_length=120, blank=True)
    private_sealed = models.BinaryField(null=True)
    # The certificate and those above it, without the root: DER in base64, as `x5c` carries them (RFC 7515, 4.1.6).
    certificates = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    signs_from = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "kid"], name="signing_key_kid"),
            models.UniqueConstraint(
                fields=["tenant_id"], condition=models.Q(state="active"), name="signing_key_one_active"
            ),
            models.UniqueConstraint(
                fields=["tenant_id"], condition=models.Q(state="pending"), name="signing_key_one_pending"
            ),
        ]


class LinkedDomain(TenantModel):
    """A domain the tenant controls and we do not serve (DIF Well Known DID Configuration)."""

    class State(models.TextChoices):
        NOT_LINKED = "not_linked", _("Not linked")
        LINKED = "linked", _("Linked")
        WRONG = "wrong", _("The file is wrong")

    origin = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=State.choices, default=State.NOT_LINKED)
    problem = models.CharField(max_length=60, blank=True)
    checked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="linked_domain_one")]


class StatusList(TenantModel):
    """One list for each signing key's epoch, signed by that key (Token Status List)."""

    key = TenantForeignKey(SigningKey, on_delete=models.PROTECT, related_name="+")
    uri = models.CharField(max_length=300)
    # The token as it was signed last, served until then; emptied when an entry changes.
    token = models.TextField(blank=True)
    token_until = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "uri"], name="status_list_uri")]


class Issuance(TenantModel):
    """What a partner proved, waiting for a wallet. Claims and portrait rest under a key of their own."""

    prefix: ClassVar[str] = "issuance"

    class Review(models.TextChoices):
        NONE = "none", _("No look needed")
        WAITING = "waiting", _("Waits for a look")
        RELEASED = "released", _("Released")
        REFUSED = "refused", _("Refused")

    reference = models.UUIDField()
    # Whom a card was offered to outside a recovery; a case knows its own person.
    person_id = models.UUIDField(null=True)
    # A specimen that an administrator tries with.
    trial = TenantForeignKey(Trial, on_delete=models.PROTECT, related_name="+", null=True)
    review = models.CharField(max_length=8, choices=Review.choices, default=Review.NONE)
    reviewed_at = models.DateTimeField(null=True)
    data_key = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    # Kept when a wallet has it, until the reference is over: another wallet may have to be served.
    kept_for_reference = models.BooleanField(default=False)
    expires_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "reference"], name="issuance_reference"),
            models.Index(fields=["tenant_id", "expires_at"], name="issuance_expiry"),
            models.Index(fields=["tenant_id", "person_id"], name="issuance_person"),
        ]


class IssuanceOffer(TenantModel):
    """One offer of an issuance: single use, by reference. Digests only; the code is derived from the address."""

    issuance = TenantForeignKey(Issuance, on_delete=models.PROTECT, related_name="+")
    address_digest = models.BinaryField()
    code_digest = models.BinaryField()
    tx_code_digest = models.BinaryField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    access_token_digest = models.BinaryField(null=True)
    access_expires_at = models.DateTimeField(null=True)
    configuration_id = models.CharField(max_length=60, default="VerifiedIdentity")
    # Who the wallet's program said it is; empty for one that said nothing. Never a proof of anything.
    client_id = models.CharField(max_length=512, blank=True)
    # The key the access token is bound to (RFC 9449); empty for a bearer token.
    dpop_thumbprint = models.CharField(max_length=64, blank=True)
    # A request that waits for a look: {"jwk", "did", "encryption"} of the wallet that will come back for it.
    transaction_digest = models.BinaryField(null=True)
    waiting = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "address_digest"], name="offer_address"),
            models.UniqueConstraint(fields=["tenant_id", "code_digest"], name="offer_code"),
            models.UniqueConstraint(fields=["tenant_id", "access_token_digest"], name="offer_access_token"),
        ]


class ProofNonce(TenantModel):
    """What is good once: a `c_nonce` (OpenID4VCI 1.0, section 7), the `jti` of a DPoP proof (RFC 9449, 11.1)."""

    digest = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "digest"], name="proof_nonce_once")]


class Credential(TenantModel):
    """An issued credential: what was issued when to which key, never to whom. One that another service issued in our name
    stands on a status list of theirs and on none of ours (`tenants.verified_id.entra`)."""

    prefix: ClassVar[str] = "credential"

    class State(models.TextChoices):
        VALID = "valid", _("Valid")
        SUSPENDED = "suspended", _("Suspended")
        REVOKED = "revoked", _("Revoked")

    issuance = TenantForeignKey(Issuance, on_delete=models.PROTECT, related_name="+")
    reference = models.UUIDField()
    status_list = TenantForeignKey(StatusList, on_delete=models.PROTECT, related_name="+", null=True)
    status_index = models.PositiveIntegerField(null=True)
    holder_thumbprint = models.CharField(max_length=64)
    notification_digest = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.VALID)
    state_reason = models.CharField(max_length=60, blank=True)
    state_changed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "status_list", "status_index"], name="credential_status_index"
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "notification_digest"], name="credential_notification"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "state", "-created_at"], name="credential_by_state"),
            models.Index(fields=["tenant_id", "-created_at"], name="credential_recent"),
        ]


class CredentialCopy(TenantModel):
    """The same card once more, under another key of the same wallet (OpenID4VCI 1.0, 3.3.2): with a place of its own in the
    list, so that who reads two of them does not see that they are one. Its card's state is its state."""

    credential = TenantForeignKey(Credential, on_delete=models.CASCADE, related_name="+")
    status_list = TenantForeignKey(StatusList, on_delete=models.PROTECT, related_name="+")
    status_index = models.PositiveIntegerField()
    holder_thumbprint = models.CharField(max_length=64)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "status_list", "status_index"], name="credential_copy_status_index"
            )
        ]


class BulkRevocation(TenantModel):
    """Many cards that a member chose at one moment, revoked by the worker in batches. `chosen`: their ids, sixteen bytes
    each and in order, emptied at the end; the first `done` of them are revoked."""

    prefix: ClassVar[str] = "revocation"

    chosen = models.BinaryField()
    digest = models.CharField(max_length=64)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    touched_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(
                fields=["tenant_id", "created_at"],
                condition=models.Q(finished_at=None),
                name="bulk_revocation_unfinished",
            )
        ]


class Presentation(TenantModel):
    """One presentation request, bound to the browser that began it (OpenID4VP 1.0)."""

    prefix: ClassVar[str] = "presentation"

    class State(models.TextChoices):
        WAITING = "waiting"
        # Shown and verified, but for the status that another issuer publishes; the worker asks for it.
        CHECKING = "checking"
        RECEIVED = "received"
        RETURNED = "returned"
        REFUSED = "refused"
        TAKEN = "taken"

    reference = models.UUIDField()
    browser_digest = models.BinaryField()
    return_path = models.CharField(max_length=200)
    purpose = models.CharField(max_length=300)
    address_digest = models.BinaryField()
    address_sealed = models.BinaryField()
    nonce = models.CharField(max_length=64)
    state_value = models.CharField(max_length=64)
    client_id = models.CharField(max_length=320)
    # What was asked, as it was sent (DCQL); the answer is judged by it.
    query = models.JSONField(default=dict)
    response_mode = models.CharField(max_length=16, default="direct_post.jwt")
    # What a wallet was told to show and to sign. The first fetch decides: empty when that wallet could not show it.
    transaction_data = models.TextField(blank=True)
    fetched_at = models.DateTimeField(null=True)
    encryption_public_jwk = models.JSONField(default=dict)
    encryption_private_sealed = models.BinaryField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    is_cross_device = models.BooleanField(default=False)
    refusals = models.JSONField(default=dict)
    refusal = models.CharField(max_length=60, blank=True)
    response_code_digest = models.BinaryField(null=True)
    credential_id = models.UUIDField(null=True)
    trial = TenantForeignKey(Trial, on_delete=models.PROTECT, related_name="+", null=True)
    holder_thumbprint = models.CharField(max_length=64, blank=True)
    data_key = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    expires_at = models.DateTimeField()
    kept_until = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "address_digest"], name="presentation_address"),
            models.UniqueConstraint(fields=["tenant_id", "response_code_digest"], name="presentation_code"),
        ]
        indexes = [models.Index(fields=["tenant_id", "kept_until"], name="presentation_kept")]

    @property
    def case_id(self) -> UUID | None:
        """The case it was asked for; None for one that an operator asked for by itself."""
        return None if self.reference == self.id else self.reference


class ClientCertificate(TenantModel):
    """The certificate a tenant's requests may be signed with: wallets that trust its authority know the verifier by it.
    The key is made here and never leaves; the chain is empty until the authority has signed."""

    prefix: ClassVar[str] = "client_certificate"

    host = models.CharField(max_length=253)
    private_sealed = models.BinaryField()
    chain_pem = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True)


class TrustedIssuer(TenantModel):
    """Another organisation whose credentials this tenant believes, for one purpose. Without a row nobody is believed."""

    prefix: ClassVar[str] = "issuer"

    class Purpose(models.TextChoices):
        IDENTITY = "identity", _("Proven identity of a partner")
        EMPLOYEE = "employee", _("Employment")
        PID = "pid", _("Identity of a state (EU PID)")

    class State(models.TextChoices):
        UNCHECKED = "unchecked", _("Not checked yet")
        TRUSTED = "trusted", _("Trusted")
        BROKEN = "broken", _("Not trusted now")

    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    # A DID whose document is fetched when it is checked, or the certificate of an authority that vouches.
    did = models.CharField(max_length=300, blank=True)
    certificate_pem = models.TextField(blank=True)
    format = models.CharField(max_length=16)
    types = models.JSONField(default=list)
    # Where its status lists lie; a list anywhere else is not fetched.
    status_origin = models.CharField(max_length=300)
    requires_domain = models.BooleanField(default=True)
    domain = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNCHECKED)
    problem = models.CharField(max_length=60, blank=True)
    keys = models.JSONField(default=dict)
    checked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(did="", certificate_pem=""), name="trusted_issuer_is_somebody"
            )
        ]
