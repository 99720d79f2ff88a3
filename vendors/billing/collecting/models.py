"""What is known of Stripe: who pays for whom, what it told us, what we tell it, and how things stand there.

The ledger says what is owed; these rows say what became of it. Nothing here is a secret or opens anything at Stripe: of a
card its brand and last four digits.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.inbox import InboxRow
from portal.kit.models import PlatformModel, TenantForeignKey, TenantModel


class FactKind(models.TextChoices):
    """The objects that are mirrored. Values are Stripe's own names of them, as reports show them."""

    CUSTOMER = "customer", _("Customer")
    PAYMENT_METHOD = "payment_method", _("Payment method")
    TAX_ID = "tax_id", _("Tax id")
    SUBSCRIPTION = "subscription", _("Subscription")
    INVOICE = "invoice", _("Invoice")
    PAYMENT = "invoice_payment", _("Payment")
    REFUND = "refund", _("Refund")
    CREDIT_NOTE = "credit_note", _("Credit note")
    DISPUTE = "dispute", _("Dispute")
    CHECKOUT = "checkout.session", _("Payment page")


class Operation(models.TextChoices):
    """What we ask Stripe to do; `preparing` fixes the words, `sending` sends them."""

    CREATE_CUSTOMER = "create_customer", _("Open the account")
    CHOOSE_METHOD = "choose_method", _("Choose the payment method")
    UPDATE_CUSTOMER = "update_customer", _("Change the account's name and address")
    DROP_TAX_ID = "drop_tax_id", _("Take the earlier tax number off")
    SET_TAX_ID = "set_tax_id", _("Enter the tax number")
    CREATE_INVOICE = "create_invoice", _("Begin an invoice")
    ADD_LINE = "add_line", _("Add a line")
    FINALIZE_INVOICE = "finalize_invoice", _("Issue the invoice")
    CREATE_CREDIT_NOTE = "create_credit_note", _("Issue a credit note")
    CONFIGURE_PORTAL = "configure_portal", _("Prepare the payment pages")
    OPEN_PORTAL = "open_portal", _("Open the payment pages")
    BEGIN_SETUP = "begin_setup", _("Take a payment method")
    BEGIN_CHECKOUT = "begin_checkout", _("Open a payment page")
    EXPIRE_CHECKOUT = "expire_checkout", _("Close a payment page")


class Payer(PlatformModel):
    """Whose a customer at Stripe is. A customer keeps to one currency there, so a tenant has one for each of its own.

    It belongs to the platform, like a host: a webhook names a customer, and this says which tenant's scope to enter.
    """

    customer = models.CharField(max_length=255, unique=True)
    tenant_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    # When another took its place, because it was deleted at Stripe.
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "currency"],
                condition=models.Q(replaced_at=None),
                name="payer_current",
            )
        ]


class UnsettledRefund(PlatformModel):
    """A refund at Stripe of which neither a credit note nor an entry says anything, as the last comparison found it.

    It belongs to the platform, whose operator says why it was made: with names alone, the amount is read in the tenant's scope.
    """

    prefix: ClassVar[str] = "unsettled"

    tenant_id = models.UUIDField()
    stripe_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "stripe_id"], name="unsettled_refund_once")
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="unsettled_refund_recent")]


class PaymentEvent(InboxRow):
    """An event that Stripe signed, kept as it came. What it says is never believed: its object is fetched anew.

    The columns say which object to fetch and whose it may be; `outcome` says what became of it.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPLIED = "applied", _("Applied")
        IGNORED = "ignored", _("Of no concern")
        ASIDE = "aside", _("Kept aside")

    name = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=60)
    object_id = models.CharField(max_length=255, blank=True)
    customer = models.CharField(max_length=255, blank=True)
    is_live = models.BooleanField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    code = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="payment_event_once")]
        indexes = [
            models.Index(fields=["next_at"], name="payment_event_due", condition=models.Q(handled_at=None)),
            models.Index(
                fields=["customer"], name="payment_event_aside", condition=models.Q(outcome="aside")
            ),
        ]


class PaymentCall(TenantModel):
    """One thing to ask of Stripe, written in the transaction of what caused it and before anything is sent.

    Calls of one `chain` are sent in their order, each after the answer to the one before. `sent` is what goes out, kept
    before the first try, so that every try is the same request under the same key.
    """

    prefix: ClassVar[str] = "call"

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ANSWERED = "answered", _("Answered")
        REFUSED = "refused", _("Refused")
        DROPPED = "dropped", _("Replaced by a newer one")

    chain = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    operation = models.CharField(max_length=20, choices=Operation.choices)
    idempotency_key = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    sent = models.JSONField(null=True)
    currency = models.CharField(max_length=3)
    document = TenantForeignKey("billing.Invoice", on_delete=models.PROTECT, null=True, related_name="calls")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer_id = models.CharField(max_length=255, blank=True)
    # The address of a hosted page, sealed and short-lived; of no other answer anything is kept but its id.
    answer_sealed = models.BinaryField(null=True)
    code = models.CharField(max_length=60, blank=True)
    told = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "idempotency_key"], name="payment_call_once"),
            models.UniqueConstraint(fields=["tenant_id", "chain", "position"], name="payment_call_place"),
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "chain"],
                name="payment_call_open",
                condition=models.Q(state__in=("waiting", "refused")),
            ),
            models.Index(fields=["tenant_id", "document"], name="payment_call_document"),
            models.Index(
                fields=["tenant_id", "answer_id"],
                name="payment_call_answer",
                condition=~models.Q(answer_id=""),
            ),
        ]


class PaymentFact(TenantModel):
    """One object as it stands at Stripe, as far as pages and reports need it.

    `ticket` was drawn before the object was fetched: a fetch that began earlier never overwrites one that began later.
    """

    prefix: ClassVar[str] = "fact"

    kind = models.CharField(max_length=16, choices=FactKind.choices)
    stripe_id = models.CharField(max_length=255)
    customer = models.CharField(max_length=255, blank=True)
    # The invoice that a payment, refund, dispute or credit note is about.
    about = models.CharField(max_length=255, blank=True)
    document = TenantForeignKey("billing.Invoice", on_delete=models.PROTECT, null=True, related_name="facts")
    status = models.CharField(max_length=40, blank=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    number = models.CharField(max_length=60, blank=True)
    pdf_url = models.TextField(blank=True)
    page_url = models.TextField(blank=True)
    made_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    detail = models.JSONField(default=dict)
    gone_at = models.DateTimeField(null=True)
    # When those who manage billing were told that this invoice is past due: once.
    told_late_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=clock.now)
    ticket = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "stripe_id"], name="payment_fact_once"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "customer", "kind"], name="payment_fact_customer"),
            models.Index(fields=["tenant_id", "document"], name="payment_fact_document"),
            models.Index(fields=["tenant_id", "about"], name="payment_fact_about"),
        ]
