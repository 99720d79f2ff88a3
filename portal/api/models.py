"""Keys for scripts, and the answers that are given again to a request that comes again."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from portal.kit.models import TenantForeignKey, TenantModel
from tenants.models import Member


class ApiKey(TenantModel):
    """Lets a script read or change what its scopes say, as far as whoever made it still may.

    `name_in_key` is the readable part of the key; of the rest there is a keyed digest only.
    """

    prefix: ClassVar[str] = "key"

    label = models.CharField(max_length=80)
    name_in_key = models.CharField(max_length=12)
    secret_digest = models.BinaryField()
    scopes = models.JSONField()
    made_by = TenantForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    # A day, and no more: enough to see which keys nobody needs.
    last_used_on = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "secret_digest"], name="api_key_digest")]
        # The tenant is what is looked for by it, so the digest stands first.
        indexes = [models.Index(fields=["secret_digest"], name="api_key_by_digest")]

    def is_live_at(self, moment: datetime) -> bool:
        return self.revoked_at is None and moment < self.expires_at


class StoredAnswer(TenantModel):
    """What a POST was answered, for a day: the same request under the same idempotency key reads it again."""

    key = TenantForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=100)
    request_digest = models.BinaryField()
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    # As it was sent: a database that reads JSON would give its members back in another order.
    body = models.BinaryField(default=b"")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "key", "idempotency_key"], name="stored_answer_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "created_at"], name="stored_answer_age")]
