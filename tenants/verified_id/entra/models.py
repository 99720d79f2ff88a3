"""A tenant's connection to Microsoft Entra Verified ID, the requests made over it, and what came back for each."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.models import TenantForeignKey, TenantModel
from portal.kit.transitions import TransitionTable


class EntraConnection(TenantModel):
    """What the administrator entered. It signs in with a secret or, where there is none, with a key made here; both and
    the token made with them are sealed."""

    prefix: ClassVar[str] = "entra"

    directory = models.CharField(max_length=36)
    client_id = models.CharField(max_length=36)
    secret_sealed = models.BinaryField(null=True)
    key_sealed = models.BinaryField(null=True)
    certificate = models.TextField(blank=True)
    authority = models.CharField(max_length=300)
    manifest_url = models.CharField(max_length=600)
    credential_type = models.CharField(max_length=100)
    accepted_issuers = models.JSONField()
    photo_claim = models.CharField(max_length=100)
    # What its records are asked under, and the claim that carries the mark of a card; empty where only a test is wanted.
    authority_id = models.CharField(max_length=36, blank=True)
    mark_claim = models.CharField(max_length=100, blank=True)
    # Since when recoveries get and show their cards here.
    used_since = models.DateTimeField(null=True)
    token_sealed = models.BinaryField(null=True)
    token_expires_at = models.DateTimeField(null=True)
    records_token_sealed = models.BinaryField(null=True)
    records_token_expires_at = models.DateTimeField(null=True)
    # What the last test found: [{"step", "ok", "problem", "field"}].
    found = models.JSONField(default=list)
    test_asked_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="entra_connection_one")]


class EntraRequest(TenantModel):
    """One issuance or presentation request. Digests of what its callbacks have to carry; links and pins sealed."""

    prefix: ClassVar[str] = "entra_request"

    class Kind(models.TextChoices):
        ISSUANCE = "issuance", _("Offer of a card")
        PRESENTATION = "presentation", _("Request for a card")

    class State(models.TextChoices):
        ASKING = "asking", _("Being made")
        WAITING = "waiting", _("Waiting for the app")
        OPENED = "opened", _("Opened in the app")
        # Shown and judged, but for what the service's own record says of the card.
        CHECKING = "checking", _("Being checked")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKING)
    key_digest = models.BinaryField()
    state_digest = models.BinaryField()
    service_id = models.CharField(max_length=64, blank=True)
    # What a presentation is held to: how alike a face has to be, and who may have issued the card.
    threshold = models.PositiveSmallIntegerField(null=True)
    accepted_issuers = models.JSONField(default=list)
    credential_type = models.CharField(max_length=100)
    # Of a recovery: the case, the browser that asked, and the cards it is about (EntraCard); none of a test.
    reference = models.UUIDField(null=True)
    browser_digest = models.BinaryField(null=True)
    cards = models.JSONField(default=list)
    purpose = models.CharField(max_length=300, blank=True)
    photo_claim = models.CharField(max_length=100, blank=True)
    mark_claim = models.CharField(max_length=100, blank=True)
    # What was shown rests there until its status was asked for.
    presentation_id = models.UUIDField(null=True)
    # Whether Microsoft compared a live face, whatever came of it: that is what it charges.
    face_was_compared = models.BooleanField(default=False)
    link_sealed = models.BinaryField(null=True)
    pin_sealed = models.BinaryField(null=True)
    expires_at = models.DateTimeField()
    confidence = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    problem = models.CharField(max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="entra_request_recent"),
            models.Index(
                fields=["tenant_id", "reference", "kind", "-created_at"], name="entra_request_of_case"
            ),
        ]

    @property
    def is_over(self) -> bool:
        return EntraRequest.State(self.state) in MOVES.ends

    @property
    def is_live(self) -> bool:
        """Whether somebody may still answer it."""
        return not self.is_over and self.expires_at > clock.now()


MOVES = TransitionTable(
    EntraRequest.State,
    {
        EntraRequest.State.ASKING: frozenset({EntraRequest.State.WAITING, EntraRequest.State.FAILED}),
        # Callbacks may overtake each other: an end without an opening before it is an end.
        EntraRequest.State.WAITING: frozenset(
            {
                EntraRequest.State.OPENED,
                EntraRequest.State.CHECKING,
                EntraRequest.State.DONE,
                EntraRequest.State.FAILED,
            }
        ),
        EntraRequest.State.OPENED: frozenset(
            {EntraRequest.State.CHECKING, EntraRequest.State.DONE, EntraRequest.State.FAILED}
        ),
        EntraRequest.State.CHECKING: frozenset({EntraRequest.State.DONE, EntraRequest.State.FAILED}),
        EntraRequest.State.DONE: frozenset(),
        EntraRequest.State.FAILED: frozenset(),
    },
)


class EntraCallback(TenantModel):
    """The inbox: one row for each status of a request, so that a replay adds nothing. The body holds claims: it rests
    sealed and is destroyed when it was handled."""

    request = TenantForeignKey(EntraRequest, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=24)
    body_sealed = models.BinaryField(null=True)
    handled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "request", "status"], name="entra_callback_once")
        ]


class EntraCard(TenantModel):
    """A card that Microsoft was asked to issue for a case. Its id is the credential's, once it is known to be issued;
    `mark` stands in the card and finds it in Microsoft's records, which alone say whether it exists and is valid."""

    prefix: ClassVar[str] = "entra_card"

    reference = models.UUIDField()
    issuance_id = models.UUIDField()
    request_id = models.UUIDField()
    mark = models.CharField(max_length=32)
    # Where its record is; kept, because it has to be found after the settings changed as well.
    authority = models.CharField(max_length=300)
    authority_id = models.CharField(max_length=36)
    contract_id = models.CharField(max_length=300)
    service_id = models.CharField(max_length=100, blank=True)
    issued_at = models.DateTimeField(null=True)
    # Nobody may show it any more; `gone_at`: the records say so too, or it was never issued.
    void_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    look_until = models.DateTimeField()
    looks = models.PositiveIntegerField(default=0)
    next_look_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "mark"], name="entra_card_mark")]
        indexes = [
            models.Index(fields=["tenant_id", "reference"], name="entra_card_of_case"),
            models.Index(
                fields=["tenant_id", "next_look_at"],
                condition=~models.Q(next_look_at=None),
                name="entra_card_to_look_at",
            ),
        ]
