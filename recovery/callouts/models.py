"""The organisation's own claim checks, the key they are called with, and what each was asked in a decision."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel

MAX_SECONDS = 10
MAX_RETRIES = 3


class Callout(TenantModel):
    """An endpoint of the organisation that is asked about the claims of a case before it is decided."""

    prefix: ClassVar[str] = "callout"

    class Silence(models.TextChoices):
        """What no answer means. There is no third word: silence is never a yes."""

        REFUSE = "refuse", _("The case is refused")
        REVIEW = "review", _("Two members look at the case")

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(max_length=500)
    # Whom the token is for, as the endpoint checks it.
    audience = models.CharField(max_length=300)
    claims = models.JSONField(default=list)
    on_silence = models.CharField(max_length=8, choices=Silence.choices, default=Silence.REFUSE)
    timeout_seconds = models.PositiveSmallIntegerField(default=5)
    retries = models.PositiveSmallIntegerField(default=1)
    secret_sealed = models.BinaryField(null=True)
    # Health: what cases met. A test counts for neither.
    answered_at = models.DateTimeField(null=True)
    silent_at = models.DateTimeField(null=True)
    silent_in_row = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    test_asked_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    # What the last test met: {"state", "problem", "status", "failed_claims", "milliseconds"}.
    found = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(timeout_seconds__gte=1, timeout_seconds__lte=MAX_SECONDS),
                name="callout_timeout",
            ),
            models.CheckConstraint(condition=models.Q(retries__lte=MAX_RETRIES), name="callout_retries"),
        ]

    def __str__(self) -> str:
        return self.name


class CalloutKey(TenantModel):
    """What tokens are signed with. The newest signs; one that was replaced stays published for a day."""

    key_id = models.CharField(max_length=43)
    public_jwk = models.JSONField()
    private_sealed = models.BinaryField()
    replaced_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id"], condition=models.Q(replaced_at=None), name="callout_key_one"
            )
        ]


class CalloutAsk(TenantModel):
    """One callout in one decision: of which case (`reference`), about what was shown for it (`presentation_id`), which is
    shown anew for each decision. Answered once."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Not asked yet")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        SILENT = "silent", _("No answer")
        SPARED = "spared", _("Not asked: one before it said no")

    callout = TenantForeignKey(Callout, on_delete=models.PROTECT, related_name="+")
    reference = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    presentation_id = models.UUIDField()
    person_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # The rule that was in force when it was asked: a colleague's change meanwhile is for later cases.
    on_silence = models.CharField(max_length=8, choices=Callout.Silence.choices)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    failed_claims = models.JSONField(default=list)
    milliseconds = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "presentation_id", "callout"], name="callout_asked_once"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "callout", "-created_at"], name="asks_of_callout")]
