"""What happened, append-only, numbered and chained by the sealer (DESIGN 11)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import PlatformModel, TenantForeignKey, TenantModel


class AuditEvent(TenantModel):
    """The public half of an event: names, ids, codes and numbers, never a name or an address of a person."""

    prefix: ClassVar[str] = "event"

    name = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=60, blank=True)
    case_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    personal_digest = models.BinaryField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="audit_recent"),
            models.Index(fields=["tenant_id", "case_id", "created_at"], name="audit_of_case"),
        ]


class AuditPersonal(TenantModel):
    """The personal half, sealed; destroying the row leaves the chain whole."""

    event = TenantForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(null=True)
    shredded_at = models.DateTimeField(null=True)


class AuditLink(TenantModel):
    """The place of one event in the chain; written by the sealer alone."""

    event = TenantForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField()
    chain_digest = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="audit_link_number"),
            models.UniqueConstraint(fields=["tenant_id", "event"], name="audit_link_event"),
        ]


class AuditHead(TenantModel):
    """A signed head of the chain, so that a cut-off tail is seen."""

    number = models.BigIntegerField()
    chain_digest = models.BinaryField()
    signature = models.BinaryField()
    signer = models.CharField(max_length=64)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id", "number"], name="audit_head_number")]


class AuditPending(PlatformModel):
    """An event that waits for its number; `id` is the event's. Ids only, like the outbox: it tells the sealer which
    tenants have something to seal without looking into any of them."""

    tenant_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "id"], name="audit_pending_of")]


class AuditCheck(TenantModel):
    """One verification of the chain: how far it held, or where it broke."""

    number = models.BigIntegerField()
    problem = models.CharField(max_length=40, blank=True)
    problem_number = models.BigIntegerField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="audit_check_recent")]
