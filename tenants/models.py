"""Organisations, their hosts, staff and keys, and the platform's own tables."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.inbox import InboxRow
from portal.kit.models import PlatformModel, TenantForeignKey, TenantModel
from portal.kit.outbox import OutboxRow
from tenants.rights import Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin, PlatformModel):
    """A member of staff of one or several tenants. Claimants and directory people are never users."""

    prefix: ClassVar[str] = "user"

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class Tenant(PlatformModel):
    """An organisation. `slug` is its host name and, once the authority exists, part of its DID and rp_id."""

    prefix: ClassVar[str] = "org"

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        CLOSED = "closed", _("Closed")

    class Kind(models.TextChoices):
        LOCAL = "local", _("Accounts live here")
        CONNECTED = "connected", _("Accounts live in another directory")

    name = models.CharField(_("name"), max_length=120)
    slug = models.CharField(_("host name"), max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.LOCAL)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    is_demonstration = models.BooleanField(default=False)
    region = models.CharField(max_length=20, default="local")
    time_zone = models.CharField(max_length=64, default="UTC")
    help_desk_contact = models.CharField(_("help desk contact"), max_length=200, blank=True)
    accent = models.CharField(_("accent colour"), max_length=7, default="#1f5eff")

    def __str__(self) -> str:
        return self.name


class Host(PlatformModel):
    """A host name that serves a tenant's hosted pages, without its port: that may differ from start to start."""

    name = models.CharField(max_length=255, unique=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="hosts")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = self.name.lower().partition(":")[0]
        super().save(*args, **kwargs)


class TenantKey(TenantModel):
    """One version of a tenant's key, wrapped by the root key. Destroying the row closes everything sealed under it."""

    version = models.PositiveIntegerField()
    wrapped = models.BinaryField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "version"], name="tenant_key_version")]


class Member(TenantModel):
    """A user's seat in a tenant."""

    prefix: ClassVar[str] = "member"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)
    removed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "user"], name="member_once")]


class Invitation(TenantModel):
    """Asks somebody by mail to join in a role. The link works once, for the invited address."""

    prefix: ClassVar[str] = "invite"

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role.choices)
    token_digest = models.BinaryField()
    invited_by = TenantForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "token_digest"], name="invitation_token")]


class SetupLink(TenantModel):
    """Lets the right colleague do one item of the checklist, and nothing else, until it expires."""

    prefix: ClassVar[str] = "setup"

    item = models.CharField(max_length=40)
    # The one partner that the task is about; empty for a task that is about none.
    about = models.CharField(max_length=40, default="")
    email = models.EmailField()
    token_digest = models.BinaryField()
    made_by = TenantForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "token_digest"], name="setup_link_token")]


class OwnerRecovery(PlatformModel):
    """An operator's way back for an owner who lost every other: waits, opens once, and whoever is told can stop it.

    The platform's, for it opens every organisation of theirs."""

    prefix: ClassVar[str] = "ownrec"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    link_digest = models.BinaryField(unique=True)
    objection_digest = models.BinaryField(unique=True)
    opens_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)


class Outbox(OutboxRow):
    class Meta(OutboxRow.Meta):
        abstract = False
        indexes = [models.Index(fields=["available_at"], name="outbox_available")]


class Inbox(InboxRow):
    class Meta(InboxRow.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="inbox_once")]


class LimitCount(models.Model):
    """How often something was done in one window. The key is a digest: no address rests here."""

    key_digest = models.BinaryField(primary_key=True)
    window_ends_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)


class PeriodicRun(models.Model):
    """When each periodic job ran last; the conditional update on it decides which worker runs it next."""

    name = models.CharField(max_length=60, primary_key=True)
    ran_at = models.DateTimeField(default=clock.now)


class Heartbeat(models.Model):
    """Processes say here that they live; `/readyz` reads it."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField(default=clock.now)
