"""The people's passkeys, their ceremonies and their browser sessions on the tenant's host."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse

from portal.kit.models import TenantForeignKey, TenantModel


class UserHandle(TenantModel):
    """The random `user_handle` of a person (WebAuthn Level 3, 5.4.3): never personal, never changed."""

    person_id = models.UUIDField()
    handle = models.CharField(max_length=86)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "person_id"], name="user_handle_of_person"),
            models.UniqueConstraint(fields=["tenant_id", "handle"], name="user_handle_once"),
        ]


class Passkey(TenantModel):
    """A WebAuthn credential record (Level 3, 4: "credential record"). Invalidated, never deleted."""

    prefix: ClassVar[str] = "passkey"

    person_id = models.UUIDField()
    # base64url; unique in the tenant, whose rp_id it is bound to.
    credential_id = models.CharField(max_length=1400)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    aaguid = models.CharField(max_length=36, blank=True)
    transports = models.JSONField(default=list)
    backup_eligible = models.BooleanField(default=False)
    backed_up = models.BooleanField(default=False)
    label = models.CharField(max_length=60, blank=True)
    last_used_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    # From before a recovery, and not confirmed by its person since: it opens nothing until then.
    suspended_at = models.DateTimeField(null=True)
    invalidated_at = models.DateTimeField(null=True)
    invalidated_reason = models.CharField(max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "credential_id"], name="passkey_credential_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "person_id"], name="passkeys_of_person")]

    @property
    def is_usable(self) -> bool:
        return self.frozen_at is None and self.invalidated_at is None and self.suspended_at is None

    @property
    def rename_url(self) -> str:
        return reverse("passkeys:rename", args=[self.public_id])

    @property
    def confirm_url(self) -> str:
        return reverse("passkeys:confirm", args=[self.public_id])

    @property
    def remove_url(self) -> str:
        return reverse("passkeys:remove", args=[self.public_id])


class Ceremony(TenantModel):
    """A challenge under way. Taken once, before anything is verified (STYLE 19)."""

    class Kind(models.TextChoices):
        REGISTRATION = "registration"
        AUTHENTICATION = "authentication"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    challenge = models.CharField(max_length=86)
    browser_digest = models.BinaryField()
    person_id = models.UUIDField(null=True)
    permission = models.CharField(max_length=8, blank=True)
    permission_id = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "browser_digest", "-created_at"], name="ceremony_of_browser"),
            models.Index(fields=["tenant_id", "expires_at"], name="ceremony_expiry"),
        ]


class PersonSession(TenantModel):
    """A signed-in browser on the tenant's host. The cookie holds 256 bits, the row their digest."""

    prefix: ClassVar[str] = "session"

    person_id = models.UUIDField()
    passkey = TenantForeignKey(Passkey, on_delete=models.PROTECT, related_name="+", null=True)
    token_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "token_digest"], name="person_session_token")
        ]
        indexes = [models.Index(fields=["tenant_id", "person_id"], name="sessions_of_person")]


class SavedRecoveryCode(TenantModel):
    """A code a person saved (NIST SP 800-63B-4, 4.2.1.1): 80 bits, an HMAC here, void after use."""

    person_id = models.UUIDField()
    # The session it was made in: if that was somebody else's, so is the code.
    session_id = models.UUIDField(null=True)
    code_digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "code_digest"], name="saved_code_once")]
        indexes = [models.Index(fields=["tenant_id", "person_id"], name="saved_codes_of_person")]
