"""Connections to partners, and proofing attempts. No image and no claim value rests here unsealed."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.models import TenantForeignKey, TenantModel
from vendors.phases import AttemptPhase, Errand


class Connection(TenantModel):
    """A partner that a tenant chose, with its settings. `memory` caches the partner's public metadata and keys."""

    prefix: ClassVar[str] = "partner"

    class Kind(models.TextChoices):
        THROUGH_US = "through_us", _("Through us")
        OWN_CONTRACT = "own_contract", _("Your own contract")
        FREE = "free", _("Free")

    class Status(models.TextChoices):
        CONNECTING = "connecting", _("Connecting")
        READY = "ready", _("Ready")
        FAILING = "failing", _("Failing")
        REMOVED = "removed", _("Removed")

    vendor = models.CharField(max_length=40)
    # What the organisation calls it, where it may have several of a listing (vendors.titles); else empty.
    title = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.CONNECTING)
    config = models.JSONField(default=dict)
    secrets_sealed = models.BinaryField(null=True)
    # Which set of keys that is (PartnerKeys); the first set goes by the connection's own id.
    keys_id = models.UUIDField(null=True)
    memory = models.JSONField(default=dict)
    chosen_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)
    # A removed one's keys, while they are kept to have its sessions erased (vendors.leaving).
    keys_kept_until = models.DateTimeField(null=True)
    # Nobody new is sent there while it stands; whoever is there already finishes.
    paused_at = models.DateTimeField(null=True)
    test_asked_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    # [{"setting", "code", "answered"}]: what the last test or attempt found wrong; empty means nothing.
    problems = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "vendor"],
                condition=~models.Q(status="removed"),
                name="connection_once_per_vendor",
            )
        ]

    @property
    def keys_in_use(self) -> UUID:
        return self.keys_id or self.id


class PartnerKeys(TenantModel):
    """A set of keys beside the one in use (vendors.rotating): entered and not yet in use, or in use before. The row goes
    with the set."""

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    # A set keeps its name when it goes in and out of use; its row does not.
    set_id = models.UUIDField()
    # None once a test failed: what does not work is not kept.
    secrets_sealed = models.BinaryField(null=True)
    # Names of the settings that were entered, never a value.
    names = models.JSONField(default=list)
    tested_at = models.DateTimeField(null=True)
    problems = models.JSONField(default=list)
    # Since when it is a former set; None for one that was never in use.
    replaced_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "connection"],
                condition=models.Q(replaced_at=None),
                name="partner_keys_one_waits",
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "connection", "set_id"], name="partner_keys_set_once"
            ),
        ]


class PartnerHealth(TenantModel):
    """What the last calls to a partner said of it (vendors.health). A row of its own: it is written by whoever calls, and
    nobody who writes settings waits for that."""

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    faults_in_row = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    last_fault_code = models.CharField(max_length=60, blank=True)
    last_fault_at = models.DateTimeField(null=True)
    # When somebody was last told of an answer that could not be believed (vendors.alerts).
    alerted_at = models.DateTimeField(null=True)
    # And when of sessions that it did not erase in time.
    erasing_told_at = models.DateTimeField(null=True)
    # Of each that runs out soon: which, until when, at how many days it was told last (vendors.expiring).
    certificate_told = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "connection"], name="partner_health_once")
        ]


class ProofingAttempt(TenantModel):
    """One try of one person at one partner. The row is written before the partner hears of it."""

    prefix: ClassVar[str] = "attempt"

    connection = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    reference = models.UUIDField()
    browser_digest = models.BinaryField()
    mode = models.CharField(max_length=12)
    # What the ledger tells apart.
    profile_id = models.UUIDField(null=True)
    department = models.CharField(max_length=120, blank=True)
    is_demonstration = models.BooleanField()
    errand = models.CharField(max_length=8, choices=Errand.choices, default=Errand.RECOVERY)
    return_url = models.CharField(max_length=300)
    locale = models.CharField(max_length=35)
    purpose = models.CharField(max_length=300)

    # The browser's address, for partners that are told it, until the attempt is over.
    address_sealed = models.BinaryField(null=True)
    # What the partner is told of the person beforehand (vendors.contract.Reference), until the attempt is over.
    expected_sealed = models.BinaryField(null=True)
    # The set of keys it was begun with at the partner; the connection's first set goes by the connection's id.
    keys_id = models.UUIDField(null=True)

    phase = models.CharField(max_length=16, choices=AttemptPhase.choices, default=AttemptPhase.STARTING)
    # What the person is to do now (vendors.contract.Hint).
    hint = models.CharField(max_length=20, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    reasons = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    # [{"framework", "level", "eid"}]: vendors.contract.Assurance.
    assurance = models.JSONField(default=list)
    failure_code = models.CharField(max_length=60, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    state_digest = models.BinaryField(null=True)
    state_sealed = models.BinaryField(null=True)
    url_sealed = models.BinaryField(null=True)
    url_expires_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    # When the partner is asked for its record next, when it was asked last, and how often since somebody last came back.
    fetch_due_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    fetches = models.PositiveSmallIntegerField(default=0)
    # Asking the partner to erase the session: since when it is to be asked, what went wrong last (a code; empty while
    # nothing did), when it was asked first, and when it confirmed (vendors.erasing).
    erase_due_at = models.DateTimeField(null=True)
    erase_error = models.CharField(max_length=60, blank=True)
    erase_asked_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    claims_sealed = models.BinaryField(null=True)
    portrait_key = models.BinaryField(null=True)
    portrait_sealed = models.BinaryField(null=True)
    answer_digest = models.BinaryField(null=True)
    evidence_digest = models.CharField(max_length=64, blank=True)
    partner_ref = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    contradicted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "state_digest"], name="attempt_return_state"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "reference"], name="attempt_of_case"),
            models.Index(fields=["tenant_id", "connection", "-created_at"], name="attempt_of_partner"),
            models.Index(fields=["tenant_id", "connection", "partner_ref"], name="attempt_at_partner"),
            models.Index(
                fields=["tenant_id", "connection", "-erase_due_at"],
                name="attempt_to_erase",
                condition=models.Q(erase_due_at__isnull=False),
            ),
        ]


class ProofingReturn(TenantModel):
    """One distinct answer a browser brought back, until the worker has exchanged it."""

    attempt = TenantForeignKey(ProofingAttempt, on_delete=models.PROTECT, related_name="+")
    query_digest = models.BinaryField()
    query_sealed = models.BinaryField(null=True)
    handled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "attempt", "query_digest"], name="return_once"),
        ]


class PartnerSignal(TenantModel):
    """One event a partner told us of, by digest: a copy adds nothing. What it said is not kept, only whom it is about."""

    connection = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    event_digest = models.BinaryField()
    partner_ref = models.CharField(max_length=200)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "connection", "event_digest"], name="signal_once"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "connection", "partner_ref"], name="signal_about"),
            models.Index(fields=["tenant_id", "created_at"], name="signal_age"),
        ]
