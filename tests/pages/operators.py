"""The pages of whoever runs the platform, each once."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.test.utils import override_settings

from portal.kit.scope import tenant_scope
from tenants.models import Tenant, User
from tests.conftest import make_member, make_tenant
from tests.console.conftest import sign_in
from vendors.billing.collecting.models import FactKind, PaymentFact
from vendors.billing.collecting.refunds import note_unsettled, refunds_apart
from vendors.billing.models import Invoice


def walk(tenant: Tenant) -> None:
    """After the walk that leaves an invoice."""
    with tenant_scope(tenant.id):
        document = Invoice.objects.filter(kind=Invoice.Kind.INVOICE).order_by("id")[0]
        for kind, status, more in (
            (FactKind.INVOICE, "paid", {"document": document}),
            (FactKind.PAYMENT, "paid", {"about": "invoice_w"}),
            (FactKind.REFUND, "succeeded", {}),
        ):
            PaymentFact.objects.create(
                kind=kind, stripe_id=f"{kind.value}_w", customer="cus_w", status=status, amount_minor=100,
                currency="EUR", detail={"intent": "pi_w"}, **more,
            )  # fmt: skip
        note_unsettled(refunds_apart())
    user = User.objects.get(pk=make_member(make_tenant()).user_id)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    with override_settings(OPERATORS=frozenset({user.email})):
        client, one = sign_in(user), f"/operator/refunds/{tenant.slug}/refund_w"
        assert one in client.get("/operator/refunds/").content.decode()
        client.get(one)
        assert client.post(one, {"reason": "Goodwill", "word": "1.00"}).status_code == 302
