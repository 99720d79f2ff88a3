"""The question to those who know a person, and what each of them was asked and said."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from recovery.models import Case
from tenants.directory.models import DirectoryPerson


class Attestation(TenantModel):
    """One question about a case, in the browser that asked it. While it is open the claimant is shown a code, which is
    computed from the row and kept nowhere."""

    class End(models.TextChoices):
        ATTESTED = "attested", _("It is them")
        REFUSED = "refused", _("Nobody could say so")
        NOT_THEM = "not_them", _("It is not them")
        EXPIRED = "expired", _("Nobody answered in time")
        LEFT = "left", _("The recovery ended or went to another browser")

    case = TenantForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    browser_digest = models.BinaryField()
    voices = models.PositiveSmallIntegerField()
    # What attesters are told of where it is asked from; emptied with the end of it.
    device = models.CharField(max_length=40, blank=True)
    network = models.CharField(max_length=60, blank=True)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=8, choices=End.choices, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "case"],
                condition=models.Q(closed_at=None),
                name="attestation_open_once",
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "case", "-created_at"], name="attestation_of_case")]


class AttestationAsk(TenantModel):
    """One attester's part in it. The link names the row and opens nothing: they sign in with a passkey."""

    class As(models.TextChoices):
        MANAGER = "manager", _("Their manager")
        NAMED = "named", _("Named by the profile")

    class Word(models.TextChoices):
        ATTEST = "attest", _("It is them")
        CANNOT_SAY = "cannot_say", _("I cannot say")
        NOT_THEM = "not_them", _("It is not them")

    class Contact(models.TextChoices):
        IN_PERSON = "in_person", _("In person")
        PHONE = "phone", _("I rang a number I had before")
        VIDEO = "video", _("I saw them in a video call that I began")

    prefix: ClassVar[str] = "ask"

    attestation = TenantForeignKey(Attestation, on_delete=models.PROTECT, related_name="asks")
    person = TenantForeignKey(DirectoryPerson, on_delete=models.PROTECT, related_name="+")
    asked_as = models.CharField(max_length=8, choices=As.choices)
    token_digest = models.BinaryField()
    # No mail where their mailbox had too many already.
    is_mailed = models.BooleanField(default=True)
    tries = models.PositiveSmallIntegerField(default=0)
    word = models.CharField(max_length=12, choices=Word.choices, blank=True)
    contact = models.CharField(max_length=12, choices=Contact.choices, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "token_digest"], name="attestation_token_once"),
            models.UniqueConstraint(
                fields=["tenant_id", "attestation", "person"], name="attestation_asked_once"
            ),
        ]
