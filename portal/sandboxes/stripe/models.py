"""What the sandbox remembers: API objects as they are answered, the webhooks on their way, the keys it has seen."""

from __future__ import annotations

from django.db import models


class Record(models.Model):
    """One API object. Keys that begin with an underscore are the sandbox's own and are never answered."""

    position = models.BigAutoField(primary_key=True)
    account = models.CharField(max_length=40)
    id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=40)
    customer = models.CharField(max_length=80, default="")
    parent = models.CharField(max_length=80, default="")
    clock = models.CharField(max_length=80, default="")
    created = models.BigIntegerField()
    due_at = models.BigIntegerField(null=True)
    deleted = models.BooleanField(default=False)
    data = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "kind", "customer"], name="record_of_customer"),
            models.Index(fields=["kind", "parent"], name="record_of_parent"),
            models.Index(fields=["due_at"], name="record_due"),
        ]


class Delivery(models.Model):
    """One event on its way to one endpoint."""

    account = models.CharField(max_length=40)
    event = models.CharField(max_length=80)
    endpoint = models.CharField(max_length=80)
    attempts = models.IntegerField(default=0)
    next_at = models.FloatField(null=True)
    delivered_at = models.FloatField(null=True)
    last_status = models.IntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="delivery_due")]


class IdempotentRequest(models.Model):
    """The first request under a key, and its answer once there is one."""

    account = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    request_id = models.CharField(max_length=40)
    status = models.IntegerField(null=True)
    body = models.TextField(default="")
    created_at = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="one_request_of_a_key")]


class Sequence(models.Model):
    """Counters of an account, taken in the transaction that uses the number."""

    account = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_sequence_of_a_name")]
