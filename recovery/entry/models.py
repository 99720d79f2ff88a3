"""Invitations to get in before the loss, and what they permit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from tenants.directory.models import DirectoryPerson


class Kind(models.TextChoices):
    INVITATION = "invitation", _("Invitation")
    REMINDER = "reminder", _("Reminder")


class Round(TenantModel):
    """One sending to many. The worker goes through the people by id; `after` is how far it came."""

    prefix: ClassVar[str] = "round"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Null: everybody, or the one person.
    group_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    after = models.UUIDField(null=True)
    sent = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    # Why it ended before everybody was mailed.
    problem = models.CharField(max_length=20, blank=True)


class Invitation(TenantModel):
    """One link in one mail. Of the link and the address there are digests only."""

    round = TenantForeignKey(Round, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+")
    token_digest = models.BinaryField()
    address_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "token_digest"], name="entry_token")]
        indexes = [
            models.Index(fields=["tenant_id", "person", "-created_at"], name="invitations_of_person"),
            models.Index(fields=["tenant_id", "-created_at"], name="invitations_by_time"),
        ]


class Entry(TenantModel):
    """This browser may make the first passkey of this person, for a quarter of an hour. It is no sign-in: no page that asks
    for one opens by it."""

    prefix: ClassVar[str] = "entry"

    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+")
    browser_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "browser_digest"], name="entry_of_browser")]


class SignInProvider(TenantModel):
    """The organisation's own OpenID Provider, by which its people get in for the first time."""

    prefix: ClassVar[str] = "provider"

    class Match(models.TextChoices):
        EXTERNAL_ID = "external_id", _("Identifier in the directory")
        USER_NAME = "user_name", _("User name")
        EMAIL = "email", _("Verified e-mail address")

    class Proof(models.TextChoices):
        SECRET = "client_secret", _("A client secret")
        KEY = "private_key", _("A key that is made here (private_key_jwt)")

    name = models.CharField(max_length=60)
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=200)
    proof = models.CharField(max_length=14, choices=Proof.choices, default=Proof.SECRET)
    match = models.CharField(max_length=12, choices=Match.choices)
    claim = models.CharField(max_length=60)
    secret_sealed = models.BinaryField(null=True)
    public_jwk = models.JSONField(default=dict)
    # Metadata and keys of the provider, as the worker read them.
    memory = models.JSONField(default=dict)
    is_on = models.BooleanField(default=False)
    test_asked_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=60, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="sign_in_provider_one")]


class ProviderSubject(TenantModel):
    """Who a provider's subject is here, since their first sign-in. An address or a user name that is given to somebody else
    later leads nowhere."""

    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "issuer", "subject"], name="provider_subject_once"),
            models.UniqueConstraint(fields=["tenant_id", "issuer", "person"], name="provider_person_once"),
        ]


class SignInAttempt(TenantModel):
    """One way to the provider and back, in one browser. What it is bound with is sealed and destroyed with its end."""

    class State(models.TextChoices):
        OFFERED = "offered", _("Not begun")
        BEGUN = "begun", _("At the provider")
        CHECKING = "checking", _("Being checked")
        DONE = "done", _("Signed in")
        REFUSED = "refused", _("Refused")
        USED = "used", _("Used")

    provider = TenantForeignKey(SignInProvider, on_delete=models.CASCADE, related_name="+")
    is_trial = models.BooleanField(default=False)
    # Of a trial that no browser has begun yet: the digest of its link.
    offer_digest = models.BinaryField(null=True)
    browser_digest = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State.choices)
    sealed = models.BinaryField(null=True)
    code_sealed = models.BinaryField(null=True)
    told_sealed = models.BinaryField(null=True)
    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+", null=True)
    problem = models.CharField(max_length=60, blank=True)
    signed_in_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "browser_digest", "-created_at"], name="sign_in_of_browser"),
            models.Index(fields=["tenant_id", "expires_at"], name="sign_in_expiry"),
        ]


class NoReminders(TenantModel):
    """Who asked not to be reminded. Kept until they leave the directory."""

    person = TenantForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "person"], name="no_reminders_once")]


class ReminderPlan(TenantModel):
    """Whether people who have nothing are reminded by themselves. Off until somebody turned it on."""

    is_on = models.BooleanField(default=False)
    begun_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="reminder_plan_one")]
