"""What the simulator remembers: requests it accepted, cards in the pretended wallet, callbacks on their way."""

from __future__ import annotations

from django.db import models


class Certificate(models.Model):
    """What was uploaded for an application."""

    client_id = models.CharField(max_length=36)
    pem = models.TextField()


class Asked(models.Model):
    """One accepted request. `wanted` is the body as it was sent."""

    id = models.CharField(max_length=36, primary_key=True)
    kind = models.CharField(max_length=12)  # issuance, presentation
    status = models.CharField(max_length=24, default="created")
    wanted = models.JSONField()
    expires_at = models.BigIntegerField()
    pin_tries = models.IntegerField(default=0)

    @property
    def is_over(self) -> bool:
        return self.status not in ("created", "request_retrieved")


class Card(models.Model):
    """A card in the pretended wallet."""

    type = models.CharField(max_length=100)
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=300)
    claims = models.JSONField()
    issued_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    is_revoked = models.BooleanField(default=False)
    # What the records know it by, and the hash of the indexed claim; a sample is in no record.
    record_id = models.CharField(max_length=60, blank=True)
    index_hash = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["index_hash"], name="card_by_index")]


class Trouble(models.Model):
    """So many calls of the API that are still to be put off."""

    kind = models.CharField(max_length=12)  # throttled, outage
    left = models.IntegerField()
    # What Retry-After says.
    seconds = models.IntegerField()


class Delivery(models.Model):
    """One callback on its way."""

    asked = models.ForeignKey(Asked, on_delete=models.CASCADE)
    body = models.TextField()
    attempts = models.IntegerField(default=0)
    next_at = models.FloatField(null=True)
    last_status = models.IntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="callback_due")]
