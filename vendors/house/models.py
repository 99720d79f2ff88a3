"""The house partner's tables. No image is stored but the sealed portrait, and that for half an hour at most."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from portal.kit.models import PlatformModel
from vendors.house.stages import Outcome, Stage

SESSION_LIFETIME = timedelta(minutes=30)
RECORD_LIFETIME = timedelta(days=30)


class Client(PlatformModel):
    """A relying party (RFC 7591). The secret is 256 bits and kept as a digest."""

    prefix = "client"
    name = models.CharField(max_length=120)
    redirect_uris: models.JSONField[list[str], list[str]] = models.JSONField()
    auth_method = models.CharField(max_length=40)
    secret_digest = models.BinaryField()
    demonstration = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True)


class PushedRequest(PlatformModel):
    """An authorization request waiting for its browser (RFC 9126): one use, one minute."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    reference_digest = models.BinaryField()
    parameters = models.JSONField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["reference_digest"], name="house_pushed_reference_unique"),
        )


class Check(PlatformModel):
    """One person's proofing session, bound to one browser. Personal data stands in `facts_sealed` alone."""

    prefix = "check"
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    pushed_request = models.OneToOneField(
        PushedRequest, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    parameters = models.JSONField()
    browser_digest = models.BinaryField()
    stage = models.CharField(max_length=20, default=Stage.CONSENT, choices=[(s, s) for s in Stage])
    outcome = models.CharField(max_length=20, default="", choices=[(o, o) for o in Outcome])
    reasons: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    checks: models.JSONField[list[dict[str, object]], list[dict[str, object]]] = models.JSONField(
        default=list
    )
    document_kind = models.CharField(max_length=20, default="")
    document_tries = models.PositiveSmallIntegerField(default=0)
    photograph_tries = models.PositiveSmallIntegerField(default=0)
    face_tries = models.PositiveSmallIntegerField(default=0)
    challenge = models.JSONField(null=True)
    notice = models.CharField(max_length=60, default="")
    progress = models.CharField(max_length=40, default="")
    working_until = models.DateTimeField(null=True)
    consented_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    facts_sealed = models.BinaryField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="house_check_expiry"),)


class AuthorizationCode(PlatformModel):
    """RFC 6749, 4.1.2: one use, one minute, for one client and one redirect URI."""

    check_row = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="codes")
    code_digest = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["code_digest"], name="house_code_digest_unique"),)


class Portrait(PlatformModel):
    """The portrait cut from the document, sealed under a key of its own; handing it over destroys both."""

    prefix = "portrait"
    check_row = models.OneToOneField(Check, on_delete=models.CASCADE, related_name="portrait")
    data_key = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    sha256 = models.BinaryField()
    token_digest = models.BinaryField(null=True)
    expires_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="house_portrait_expiry"),)


class SigningKey(PlatformModel):
    """ES256. The private half is sealed; a retired key stays published until tokens under it are long over."""

    kid = models.CharField(max_length=60)
    private_sealed = models.BinaryField()
    public_jwk = models.JSONField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["kid"], name="house_signing_key_unique"),
            models.UniqueConstraint(
                fields=["retired_at"], name="house_one_current_key", nulls_distinct=False
            ),
        )


class LimitCount(models.Model):
    """One counter in one window (`limits.py`)."""

    key_digest = models.BinaryField(primary_key=True)
    window_ends_at = models.DateTimeField()
    count = models.PositiveIntegerField()
