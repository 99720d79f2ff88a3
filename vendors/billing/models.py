"""The ledger: what was used, at which price, and why. It is ours and append-only (DESIGN 8).

Every row of `Entry` is one balanced booking: `amount` goes from account `credit` to account `debit`, so that the entries
of a transaction add up to nothing in each currency by construction. The view `billing_posting` shows both sides. Rows are
never changed: what was wrong is taken back by a new row that refers to the old one.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate
from django.utils.translation import gettext_lazy as _

from portal.kit.ids import uuid7
from portal.kit.models import PlatformModel, TenantForeignKey, TenantManager, TenantModel
from vendors.billing.budget_models import Budget, BudgetWindow, default_shares
from vendors.billing.collecting import models as _collecting  # noqa: F401  Django finds the room's rows from here
from vendors.billing.day_models import UsageDay, UsageDays, UsagePending
from vendors.billing.document_models import BillingDetails, Dispute, PartnerDifference, PartnerInvoice
from vendors.billing.help_desk_models import HelpDeskCost
from vendors.billing.rating.invoice import LineKind
from vendors.billing.rating.prices import FEE, STANDARD

__all__ = [
    "BillingDetails",
    "Budget",
    "BudgetWindow",
    "Dispute",
    "HelpDeskCost",
    "PartnerDifference",
    "PartnerInvoice",
    "UsageDay",
    "UsageDays",
    "UsagePending",
    "default_shares",
]


class Meter(models.TextChoices):
    DECISION = "decision", _("Partner decision")
    FACE_CHECK = "face_check", _("Face Check")
    FEE = FEE, _("Plan")


METERED = (Meter.DECISION, Meter.FACE_CHECK)


class Paid(models.TextChoices):
    """How a connection is paid: by our invoice, by the tenant's own contract with the partner, or not at all."""

    THROUGH_US = "through_us", _("Through us")
    OWN_CONTRACT = "own_contract", _("Your own contract")
    FREE = "free", _("Free")


class Why(models.TextChoices):
    """Why an entry is billable or not; each has a sentence in `reasons.SENTENCES`."""

    DECIDED = "decided", _("Decided")
    OWN_CONTRACT = "own_contract", _("Your own contract")
    PARTNER_FAILED = "partner_failed", _("Partner's error")
    TIMED_OUT = "timed_out", _("Timed out")
    GIVEN_UP = "given_up", _("Given up")
    INCONCLUSIVE = "inconclusive", _("No decision")
    RETAKE = "retake", _("Retake")
    MOVED_BROWSERS = "moved_browsers", _("Moved to another browser")
    REUSED = "reused", _("Proof used again")
    DUPLICATE = "duplicate", _("Repeated")
    NOT_CHARGED = "not_charged", _("Free outcome")
    CORRECTED = "corrected", _("Taken back")


class Account(models.TextChoices):
    """The accounts of a tenant. The last three pairs are memoranda: they never meet the others."""

    RECEIVABLE = "receivable", _("Invoiced")
    UNBILLED = "unbilled", _("Not invoiced yet")
    REVENUE = "revenue", _("Charges")
    TAX = "tax", _("Tax")
    PAID_BACK = "paid_back", _("Paid back without a credit note")
    CREDITS = "credits", _("Credits left")
    PREPAID = "prepaid", _("Paid in advance")
    PROMOTIONS = "promotions", _("Credits given")
    OWN_CONTRACT = "own_contract", _("Own contracts")
    PARTNER_BILLS = "partner_bills", _("Billed by partners")
    RESERVED = "reserved", _("Reserved for checks that run")
    BUDGETS = "budgets", _("Budgets")


class EntryKind(models.TextChoices):
    USAGE = "usage", _("Check")
    REVERSAL = "reversal", _("Check taken back")
    RESERVATION = "reservation", _("Reserved")
    RELEASE = "release", _("Reservation released")
    FEE = "fee", _("Plan")
    ALLOWANCE = "allowance", _("Included quantities and tiers")
    MINIMUM = "minimum", _("Up to the minimum")
    ROUNDING = "rounding", _("Rounding")
    CREDIT_GRANTED = "credit_granted", _("Credit given")
    CREDIT = "credit", _("Credit used")
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    TAX = "tax", _("Tax")
    REFUND = "refund", _("Refund without a credit note")


class PriceVersion(PlatformModel):
    """A price from one moment on. Rows come from migrations and from `load_prices`, and are never changed."""

    prefix: ClassVar[str] = "price"

    meter = models.CharField(max_length=20, choices=Meter.choices)
    vendor = models.CharField(max_length=40)
    plan = models.CharField(max_length=40, default=STANDARD)
    unit_price = models.DecimalField(max_digits=13, decimal_places=6)
    currency = models.CharField(max_length=3)
    effective_from = models.DateTimeField()
    # Model, tiers, included and trial quantities, minimum: `rating.terms` reads it.
    terms = models.JSONField()
    # What is billable is part of the price, and shown with it.
    billable_outcomes = models.JSONField()
    duplicate_window_minutes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "vendor", "plan", "currency", "effective_from"], name="price_version_once"
            )
        ]


class ContractPrice(TenantModel):
    """What a tenant's own contract costs per decision, as the tenant entered it. Counted, never invoiced."""

    vendor = models.CharField(max_length=40)
    unit_price = models.DecimalField(max_digits=12, decimal_places=6)
    currency = models.CharField(max_length=3)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant_id", "vendor", "-created_at"], name="contract_price_current")]


class Subscription(TenantModel):
    """On which plan a tenant is from `effective_at` on. The first row decides the periods for good: their anchor and
    time zone, and the currencies it is invoiced in; a later row changes the plan. With a `vendor` it is the plan of that
    vendor's checks alone; without a plan the vendor goes back to the tenant's own."""

    prefix: ClassVar[str] = "sub"

    vendor = models.CharField(max_length=40, blank=True, default="")
    plan = models.CharField(max_length=40, blank=True)
    effective_at = models.DateTimeField()
    anchored_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    currencies = models.JSONField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "vendor", "effective_at"], name="subscription_once_at"
            )
        ]


class Invoice(TenantModel):
    """What a closed period costs in one currency, before tax, or what an earlier one costs less than was thought.

    `number` counts the documents of one kind about one period: with tenant and currency it names a document for ever.
    """

    prefix: ClassVar[str] = "invoice"

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    period = models.CharField(max_length=7)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    currency = models.CharField(max_length=3)
    number = models.PositiveSmallIntegerField()
    # The period whose closing made it: for an invoice its own.
    closed_with = models.CharField(max_length=7)
    # Of entries with a greater serial it knows nothing.
    counted_to = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    # Its number, seller and buyer as they were when it was made: {"number", "seller": {…}, "buyer": {…}}.
    parties = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "kind", "period", "currency", "number"], name="invoice_once"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "-period_start"], name="invoice_recent")]


class InvoiceLine(TenantModel):
    """One line, rounded once. `about` is the period it is for: an earlier one when events came late."""

    invoice = TenantForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in LineKind])
    about = models.CharField(max_length=7)
    meter = models.CharField(max_length=20, blank=True)
    vendor = models.CharField(max_length=40, blank=True)
    # A price version; for a credit the entry that granted it.
    source_id = models.UUIDField()
    quantity = models.BigIntegerField()
    entries = models.BigIntegerField()
    exact = models.DecimalField(max_digits=24, decimal_places=6)
    at_list_price = models.DecimalField(max_digits=24, decimal_places=6)
    minor = models.BigIntegerField()
    detail = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "invoice", "position"], name="invoice_line_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "about"], name="invoice_line_about")]


class NextSerial(models.Func):
    """The next number in the order in which entries are written. (Only for columns and inserts: it draws one.)"""

    function = "nextval"
    template = "nextval('billing_serial')"
    output_field = models.BigIntegerField()


class Entry(TenantModel):
    """One booking, from account `credit` to account `debit`. It holds no personal data.

    `amount` is exact, at the list price; what plans include, tiers and rounding change is booked when a period closes.
    A correction has a quantity and an amount below zero and refers to what it takes back.
    """

    prefix: ClassVar[str] = "entry"

    kind = models.CharField(max_length=14, choices=EntryKind.choices, default=EntryKind.USAGE)
    transaction_id = models.UUIDField(default=uuid7)
    idempotency_key = models.CharField(max_length=120)
    debit = models.CharField(max_length=14, choices=Account.choices)
    credit = models.CharField(max_length=14, choices=Account.choices)
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    currency = models.CharField(max_length=3)

    meter = models.CharField(max_length=20, choices=Meter.choices, blank=True)
    vendor = models.CharField(max_length=40, blank=True)
    connection_kind = models.CharField(max_length=12, choices=Paid.choices, blank=True)
    quantity = models.BigIntegerField(default=0)
    # An index of each reference would cost a third of what writing a row does: those that are looked up have one below.
    price_version = models.ForeignKey(
        PriceVersion, models.PROTECT, null=True, related_name="+", db_index=False
    )
    contract_price = TenantForeignKey(
        ContractPrice, models.PROTECT, null=True, related_name="+", db_index=False
    )
    unit_price = models.DecimalField(max_digits=13, decimal_places=6, default=0)
    billable = models.BooleanField(default=False)
    outcome = models.CharField(max_length=16, blank=True)
    why = models.CharField(max_length=20, choices=Why.choices, blank=True)

    case_id = models.UUIDField(null=True)
    case_reference = models.CharField(max_length=12, blank=True)
    step = models.CharField(max_length=30, blank=True)
    mode = models.CharField(max_length=12, blank=True)
    profile_id = models.UUIDField(null=True)
    department = models.CharField(max_length=120, blank=True)

    refers_to = TenantForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    invoice = TenantForeignKey(Invoice, models.PROTECT, null=True, related_name="+", db_index=False)
    # In which order the entries of a tenant were written. The database draws it while the writer holds a lock that whoever
    # closes a period waits for, so that what is invoiced and what is not are two sides of one number.
    serial = models.BigIntegerField(db_default=NextSerial(), editable=False)
    # When a credit expires, and when a reservation is released at the latest.
    expires_at = models.DateTimeField(null=True)
    occurred_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "idempotency_key"], name="entry_once"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="entry_has_two_sides"),
            models.CheckConstraint(
                condition=~Q(kind__in=("reversal", "release")) | Q(refers_to__isnull=False),
                name="reversal_names_its_entry",
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "refers_to"],
                condition=Q(kind__in=("reversal", "release")),
                name="entry_reversed_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-occurred_at", "-id"], name="entry_recent"),
            models.Index(fields=["tenant_id", "case_id"], name="entry_of_case", condition=~Q(case_id=None)),
            # What people read out, by its first characters: bytes, whatever the database's own order of letters is.
            models.Index(
                F("tenant_id"),
                Collate("case_reference", "C"),
                name="entry_reference",
                condition=~Q(case_reference=""),
            ),
            models.Index(
                fields=["tenant_id", "refers_to"], name="entry_refers_to", condition=~Q(refers_to=None)
            ),
            models.Index(
                fields=["tenant_id", "invoice"], name="entry_of_invoice", condition=~Q(invoice=None)
            ),
            models.Index(
                fields=["tenant_id", "currency"],
                name="entry_credit_granted",
                condition=Q(kind="credit_granted"),
            ),
        ]


class UsageManager(TenantManager["UsageEntry"]):
    def get_queryset(self) -> models.QuerySet[UsageEntry]:
        return super().get_queryset().filter(kind__in=(EntryKind.USAGE, EntryKind.REVERSAL))


class UsageEntry(Entry):
    """The entries of checks alone: what happened, what it costs, and why."""

    prefix: ClassVar[str] = "usage"

    objects: ClassVar[UsageManager] = UsageManager()

    class Meta(TenantModel.Meta):
        proxy = True


class SetAside(TenantModel):
    """An event that could not be counted, kept as it came. It counts as soon as it comes again and can be."""

    prefix: ClassVar[str] = "aside"

    idempotency_key = models.CharField(max_length=120)
    code = models.CharField(max_length=40)
    event = models.TextField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "idempotency_key", "code"], name="set_aside_once")
        ]
