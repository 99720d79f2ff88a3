"""Clients of the bridge, what they prove themselves by, and runs. What a person is asked for and what was proven rest sealed,
and go with the end of the run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantForeignKey, TenantModel
from vendors.bridge.statuses import RunStatus
from vendors.models import Connection


class BridgeClient(TenantModel):
    """Another system that recovers accounts and asks here who somebody is."""

    prefix: ClassVar[str] = "bridge"

    class Serves(models.TextChoices):
        OKTA = "okta", _("Okta")
        AUTH0 = "auth0", _("Auth0")
        OPENID = "openid", _("Another OpenID client")

    class Proof(models.TextChoices):
        SECRET = "client_secret", _("A client secret")
        KEY = "private_key_jwt", _("A key of its own (private_key_jwt)")

    class Mode(models.TextChoices):
        EVALUATION = "evaluation", _("Evaluation")
        PRODUCTION = "production", _("Production")

    name = models.CharField(max_length=60)
    serves = models.CharField(max_length=8, choices=Serves.choices)
    # Compared to the letter.
    redirect_uris = models.JSONField(default=list)
    proof = models.CharField(max_length=16, choices=Proof.choices, default=Proof.SECRET)
    jwks = models.JSONField(default=dict)
    # Ids of connections, in the order in which they are offered.
    partners = models.JSONField(default=list)
    # What it may be told beside the names: "birthdate", "document".
    claims = models.JSONField(default=list)
    face_check = models.BooleanField(default=True)
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.EVALUATION)
    daily_runs = models.PositiveIntegerField(default=200)
    paused_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name"],
                condition=models.Q(removed_at=None),
                name="bridge_client_name_once",
            )
        ]


class BridgeSecret(TenantModel):
    """256 random bits, by digest. One that was replaced works until `ends_at`."""

    prefix: ClassVar[str] = "bridgesecret"

    client = TenantForeignKey(BridgeClient, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField()
    ends_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "client"], condition=models.Q(ends_at=None), name="bridge_secret_current"
            )
        ]


class BridgeAssertion(TenantModel):
    """A client assertion that was used: its `jti` works once (RFC 7523, section 3). Kept until it would have expired."""

    client = TenantForeignKey(BridgeClient, on_delete=models.CASCADE, related_name="+")
    jti_digest = models.BinaryField()
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "client", "jti_digest"], name="bridge_assertion_once"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "expires_at"], name="bridge_assertion_expiry")]


class BridgeKey(TenantModel):
    """A key that ID Tokens are signed with, from `signs_from` on; published before and for a while after."""

    key_id = models.CharField(max_length=64)
    public_jwk = models.JSONField()
    private_sealed = models.BinaryField(null=True)
    signs_from = models.DateTimeField()
    published_until = models.DateTimeField(null=True)


class BridgeRun(TenantModel):
    """One request of a client, from being pushed to its answer. The ledger and the audit log have its id where a recovery has
    its case's."""

    prefix: ClassVar[str] = "bridgerun"

    client = TenantForeignKey(BridgeClient, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.PUSHED)
    # Begun in the console to try the bridge: the answer is shown, and no client has it.
    is_trial = models.BooleanField(default=False)
    mode = models.CharField(max_length=12, choices=BridgeClient.Mode.choices)
    request_digest = models.BinaryField(null=True)
    redirect_uri = models.CharField(max_length=500, blank=True)
    code_challenge = models.CharField(max_length=43, blank=True)
    # state, nonce and what is asked for, values among them.
    asked_sealed = models.BinaryField(null=True)
    # Whom the client means, keyed: compared for limits, never shown.
    hint_digest = models.CharField(max_length=64, blank=True)
    browser_digest = models.BinaryField(null=True)
    connection = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="+", null=True)
    attempt_id = models.UUIDField(null=True)
    face_check_id = models.UUIDField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Vendors that failed this person: they come last.
    failed_vendors = models.JSONField(default=list)
    # Why the person reads the first page again.
    note = models.CharField(max_length=40, blank=True)
    began_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)
    result_sealed = models.BinaryField(null=True)
    code_digest = models.BinaryField(null=True)
    code_sealed = models.BinaryField(null=True)
    code_shown_at = models.DateTimeField(null=True)
    # OAuth's word for the client, and ours for the organisation.
    error = models.CharField(max_length=40, blank=True)
    why = models.CharField(max_length=40, blank=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "request_digest"], name="bridge_request_once"),
            models.UniqueConstraint(fields=["tenant_id", "code_digest"], name="bridge_code_once"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "client", "-created_at"], name="bridge_runs_of_client"),
            models.Index(fields=["tenant_id", "client", "began_at"], name="bridge_runs_begun"),
            models.Index(fields=["tenant_id", "browser_digest"], name="bridge_run_of_browser"),
            models.Index(fields=["tenant_id", "status", "expires_at"], name="bridge_run_expiry"),
        ]
