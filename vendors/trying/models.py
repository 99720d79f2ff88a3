"""A vendor's test of its own provider. Platform: a vendor belongs to no organisation."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.kit.models import PlatformModel


class ProviderTest(PlatformModel):
    """One run, found by an address that nobody can guess. The secret is sealed and goes with the end or an hour later; the row
    a day later. Of the person who signs in nothing is written."""

    prefix: ClassVar[str] = "providertest"

    class Stage(models.TextChoices):
        ALONE = "alone"
        FIRST = "first"
        SECOND = "second"
        ENDED = "ended"

    address_digest = models.BinaryField(max_length=32)
    address_sealed = models.BinaryField()
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=200)
    trust_framework = models.CharField(max_length=80, blank=True)
    locale = models.CharField(max_length=35, default="en")
    secret_sealed = models.BinaryField(null=True)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.ALONE)
    # A worker is asking; otherwise a person is waited for.
    is_working = models.BooleanField(default=True)
    results = models.JSONField(default=list)
    # The request somebody is to follow: what binds it, and where it leads.
    bond_sealed = models.BinaryField(null=True)
    state_digest = models.BinaryField(max_length=32, null=True)
    begun_at = models.DateTimeField(null=True)
    returned_sealed = models.BinaryField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_digest"], name="provider_test_address"),
            models.UniqueConstraint(fields=["state_digest"], name="provider_test_state"),
        ]
