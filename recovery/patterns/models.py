"""What was seen over many cases that no single one shows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit.models import TenantModel


class Pattern(TenantModel):
    """One thing that somebody should look into. Open until a member says what came of it; a row holds ids, digests and
    numbers, and no name."""

    prefix: ClassVar[str] = "pattern"

    class Kind(models.TextChoices):
        """Codes are kept in rows and in the audit log: they are never renamed."""

        ONE_DOCUMENT = "one_document", _("One document for two people")
        TRIED_NAMES = "tried_names", _("One network tries many names")
        REFUSES_LESS = "refuses_less", _("A partner refuses less than it did")
        NOT_BORNE_OUT = "not_borne_out", _("A partner's passes do not hold")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    # What it is about: a document's or a network's digest, or a connection's id. With the kind it is the same pattern.
    key = models.CharField(max_length=64)
    # Ids as text, newest first, at most MOST of each.
    cases = models.JSONField(default=list)
    people = models.JSONField(default=list)
    # Counts, by name (recovery.patterns.wording says which a kind has).
    figures = models.JSONField(default=dict)
    # When what it rests on happened last.
    last_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "kind", "key"],
                condition=models.Q(closed_at=None),
                name="pattern_open_once",
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="pattern_newest")]
