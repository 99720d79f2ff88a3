"""The inbox: what others send us, written down once before anything acts on it (STYLE 11)."""

from __future__ import annotations

from django.db import models

from portal.kit.models import PlatformModel


class InboxRow(PlatformModel):
    """`source` names the sender's connection, `external_id` its event: unique together, so a replay adds nothing."""

    source = models.CharField(max_length=120)
    external_id = models.CharField(max_length=200)
    body_sealed = models.BinaryField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
