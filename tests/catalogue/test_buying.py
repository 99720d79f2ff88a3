"""Buying in the console: who may, each step left and taken up again, plans and what they change in money, the end of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.notices.models import StaffMail
from tenants.rights import Role
from tenants.setup_links import make_setup_link
from tests.catalogue.files import listing_file, plan, today
from tests.catalogue.shop import GOOD, Shop
from tests.conftest import make_member, site_client
from tests.console.test_setup_links import code_in, newest_mail
from vendors import services
from vendors.billing.beside import beside_budgets
from vendors.billing.book import standing
from vendors.billing.drafting import credits_left, lines_of
from vendors.billing.models import Budget, Subscription, UsageEntry
from vendors.billing.rating.billability import Outcome
from vendors.billing.services import Usage, put_on_plan, record_check
from vendors.catalogue import purchasing
from vendors.catalogue.announcing import announce_prices
from vendors.catalogue.loading import load_listing
from vendors.catalogue.models import Purchase
from vendors.catalogue.purchase_status import MOVES, PurchaseStatus
from vendors.catalogue.shelf import shelf
from vendors.models import Connection
from vendors.registry import ADAPTERS, Entry, adapter_of


def check_faces(tenant, count):
    for _number in range(count):
        record_check(
            Usage(
                idempotency_key=uuid7().hex,
                meter="face_check",
                vendor="readmit",
                outcome=Outcome.PASSED,
                quantity=1,
                occurred_at=clock.now(),
                case_id=uuid7(),
                connection_kind="through_us",
            )
        )


def running_lines(tenant):
    with tenant_scope(tenant.id):
        found = standing()
        return [
            (line.kind.value, line.quantity, line.minor)
            for line in lines_of(found, found.period_at(clock.now()), "EUR")
        ]


# ------------------------------------------------------------------ who, and what is shown


def test_the_buyer_and_the_configurer_are_different_people(tenant, staff_client):
    for role, may_buy in (
        (Role.OWNER, 200),
        (Role.BILLING_MANAGER, 200),
        (Role.ADMINISTRATOR, 403),
        (Role.AUDITOR, 403),
    ):
        client = staff_client(role)
        assert client.get(f"/o/{tenant.slug}/partners/face_check/buy").status_code == may_buy
        page = client.get(f"/o/{tenant.slug}/partners/face_check/").content.decode()
        assert ("Choose a plan</" in page) is (may_buy == 200)
    buyer = staff_client(Role.BILLING_MANAGER)
    assert buyer.get(f"/o/{tenant.slug}/partners/oidc/settings").status_code == 403
    assert buyer.post(f"/o/{tenant.slug}/partners/house/choose").status_code == 403


def test_a_plan_says_what_it_costs_and_when_that_changes(tenant, staff_client):
    day = today() + timedelta(days=60)
    later = {"currency": "EUR", "unit_price": "1.75", "effective_from": day.isoformat()}
    first = plan("standard", "1.20")
    content = listing_file(
        product={"vendor": "soon-dearer", "meter": "face_check"},
        slug="soon_dearer",
        plans=[first | {"prices": [*first["prices"], later]}, plan("monthly", "0.90", kind="subscription", included=10, fees=[{"currency": "EUR", "unit_price": "30.00", "effective_from": "2026-01-01"}])],
    )  # fmt: skip
    load_listing("x.json", content)
    page = staff_client(Role.OWNER).get(f"/o/{tenant.slug}/partners/soon_dearer/buy").content.decode()
    assert "each check costs 1.75 EUR" in page and "30.00 EUR each period with 10 checks in it" in page


def test_the_review_shows_price_tax_terms_and_the_end_of_the_trial(shop, settings):
    settings.STRIPE_AUTOMATIC_TAX = False
    shop.choose("trial-25")
    page = shop.page("buy/review")
    for words in (
        "Prices are before tax",
        "first 25 checks",
        "After them each costs 0.28 EUR",
        "People agree to",
    ):
        assert words in page, words
    assert shop.agree(agreed=[]).status_code == 200  # nothing was agreed to
    assert shop.purchase.status == PurchaseStatus.PLANNED
    refused = shop.agree(seen_minor="5")
    assert "The price has changed" in refused.content.decode()


def test_each_step_can_be_left_and_taken_up_again(shop):
    shop.choose("bundle-500")
    assert "Review and pay" in shop.page() and "Plan chosen" in shop.page()
    shop.choose("monthly-100")
    assert [row.plan for row in shop.purchases()] == ["monthly-100"]
    shop.agree()
    assert "Go on to payment" in shop.page() and "At the payment page" in shop.page()
    assert "A payment page for another plan is open" in shop.choose("volume").content.decode()
    shop.client.post(shop.address("buy/give-up"))
    assert shop.choose("volume").status_code == 302 and len(shop.purchases()) == 2
    assert "At the payment page" not in shop.page()
    yours = shop.client.get(f"/o/{shop.tenant.slug}/partners/yours").content.decode()
    assert "Face Check" in yours and "Plan chosen" in yours


def test_nobody_pays_in_advance_where_nobody_collects(tenant, staff_client):
    client = staff_client(Role.OWNER)
    base = f"/o/{tenant.slug}/partners/face_check"
    client.post(f"{base}/buy", {"plan": "bundle-500"})
    answer = client.post(f"{base}/buy/review", {"seen_minor": 11000, "agreed": ["biometric_consent"]})
    assert "Nobody collects payments" in answer.content.decode()
    client.post(f"{base}/buy", {"plan": "volume"})
    client.post(f"{base}/buy/review", {"seen_minor": 0, "agreed": ["biometric_consent"]})
    with tenant_scope(tenant.id):
        assert purchasing.active_purchase("face_check").plan == "volume"


def test_what_is_not_sold_has_no_page_to_buy_it(tenant, other_tenant, staff_client):
    client = staff_client(Role.OWNER)
    for vendor in ("house", "oidc", "au10tix", "nobody"):
        assert client.get(f"/o/{tenant.slug}/partners/{vendor}/buy").status_code == 404
    for path in ("buy/review", "cancel"):
        assert client.get(f"/o/{tenant.slug}/partners/face_check/{path}").status_code == 404
    assert client.post(f"/o/{tenant.slug}/partners/face_check/resume").status_code == 404
    stranger = staff_client(Role.OWNER, other_tenant)
    assert stranger.get(f"/o/{tenant.slug}/partners/face_check/buy").status_code == 404


# ------------------------------------------------------------------ money


def test_a_plan_of_one_product_prices_it_and_nothing_else(tenant):
    with tenant_scope(tenant.id):
        check_faces(tenant, 2)
        put_on_plan(vendor="readmit", plan="monthly-100", at=clock.now(), actor=SYSTEM)
        check_faces(tenant, 3)
        prices = list(UsageEntry.objects.order_by("created_at").values_list("unit_price", flat=True))
        assert prices == [Decimal("0.25")] * 2 + [Decimal("0.20")] * 3
        assert standing().spans[-1].plan == "standard"
    lines = running_lines(tenant)
    # The first hundred of a period are included once the plan holds; the two before it are charged.
    assert [line for line in lines if line[0] == "usage"] == [
        ("usage", 2, 50),
        ("usage", 3, 0),
    ]
    ((_kind, _quantity, fee),) = [line for line in lines if line[0] == "fee"]
    # In the first minutes of a month what is left of it rounds to all of it.
    assert 0 < fee <= 1900
    with tenant_scope(tenant.id):
        check_faces(tenant, 1)
        put_on_plan(vendor="readmit", plan="", at=clock.now(), actor=SYSTEM)
        check_faces(tenant, 1)
        assert UsageEntry.objects.order_by("-created_at").first().unit_price == Decimal("0.25")
        with pytest.raises(Invalid):
            put_on_plan(vendor="readmit", plan="volume", at=clock.now() - timedelta(days=1), actor=SYSTEM)


def test_a_change_of_plan_shows_its_effect_first_and_keeps_what_was_paid(shop):
    shop.buy("bundle-500").visit().pay(GOOD)
    shop.tell()
    shop.choose("monthly-100")
    page = shop.page("buy/review")
    assert "each check costs 0.20 EUR instead of 0.22 EUR" in page
    # What the new plan does not need in this period pays whatever the next invoices are for, checks of this period first.
    assert "pays your next invoices, fee and checks" in page
    assert "What you paid in advance before stays yours" in page and "19.00 EUR, before tax" in page
    assert "holds until" in shop.page() and shop.is_entitled()
    shop.agree()
    shop.visit().pay(GOOD)
    shop.tell()
    assert [row.status for row in shop.purchases()] == ["replaced", "ready"]
    assert sum(shop.paid_at_stripe()) == shop.in_the_ledger() == 11000 + 1900
    assert "You are on this plan already" in shop.choose("monthly-100").content.decode()


def test_it_ends_with_the_period_unless_it_is_resumed(shop):
    shop.buy("monthly-100").visit().pay(GOOD)
    shop.tell()
    page = shop.page("cancel")
    assert "stays yours and pays your next invoices" in page
    shop.client.post(shop.address("cancel"))
    assert "You can resume" in shop.page() or "take the cancellation back" in shop.page()
    end = shop.purchase.ends_at
    with tenant_scope(shop.tenant.id):
        assert end == standing().period_at(clock.now()).end
        assert purchasing.end_purchase(shop.purchase.id) is None  # not yet
    shop.client.post(shop.address("resume"))
    assert shop.purchase.ends_at is None and shop.is_entitled()
    shop.client.post(shop.address("cancel"))
    with tenant_scope(shop.tenant.id):
        Purchase.objects.filter(id=shop.purchase.id).update(ends_at=clock.now())
        assert purchasing.end_purchase(shop.purchase.id).status == PurchaseStatus.ENDED
        assert Subscription.objects.filter(vendor="readmit").order_by("-effective_at").first().plan == ""
        with pytest.raises(Invalid):
            purchasing.resume_purchase(shop.purchase.id, actor=SYSTEM)
        names = list(
            AuditEvent.objects.filter(name__startswith="partner:purchase").values_list("name", flat=True)
        )
    assert {
        "partner:purchase:begin",
        "partner:purchase:move",
        "partner:purchase:cancel",
        "partner:purchase:resume",
    } == set(names)
    assert not shop.is_entitled() and "Ended" not in shop.page()


# ------------------------------------------------------------------ partners: set up once it is bought


@pytest.fixture
def sold_partner(monkeypatch):
    """A partner that is paid through us, whose adapter is the open contract's."""
    content = listing_file(terms=[])
    assert load_listing("x.json", content).result == "loaded"
    monkeypatch.setitem(
        ADAPTERS, content["slug"], Entry("vendors.adapters.oidc.listing.ADAPTER", kind="through_us")
    )
    return content["slug"]


SETTINGS = {"issuer": "https://op.example", "client_id": "x", "client_secret": "s"}


def test_what_is_paid_through_us_is_set_up_once_it_is_bought(account, tenant, staff_client, sold_partner):
    shop = Shop(tenant, account, staff_client(Role.OWNER), sold_partner)
    given = {"config": {"issuer": "https://op.example", "client_id": "x"}, "secrets": {"client_secret": "s"}}
    with tenant_scope(tenant.id), pytest.raises(Invalid, match="partner_not_bought"):
        services.bring_own_partner(sold_partner, **given, actor=SYSTEM)
    assert "buy it first" in shop.page()
    shop.buy("bundle").visit().pay(GOOD)
    shop.tell()
    assert shop.purchase.status == PurchaseStatus.CONFIGURING
    with tenant_scope(tenant.id):
        connection = services.bring_own_partner(sold_partner, **given, actor=SYSTEM)
        assert shop.purchase.status == PurchaseStatus.TESTING
        from vendors.connecting import note_problems

        note_problems(connection.id, [])
        assert shop.purchase.status == PurchaseStatus.READY
    page = shop.page()
    assert "Use it in a recovery profile" in page


def test_an_own_contract_is_asked_for_and_then_entered(tenant, staff_client):
    buyer = staff_client(Role.BILLING_MANAGER)
    base = f"/o/{tenant.slug}/partners/oidc"
    page = buyer.get(f"{base}/request").content.decode()
    assert "Return address (redirect URI)" in page and tenant.name in page
    assert buyer.post(f"{base}/request").status_code == 302
    assert "Contract requested" in buyer.get(f"{base}/").content.decode()
    buyer.post(f"{base}/request")  # once more changes nothing
    with tenant_scope(tenant.id):
        (purchase,) = Purchase.objects.all()
        assert purchase.status == PurchaseStatus.REQUESTED
        services.bring_own_partner(
            "oidc",
            config={"issuer": "https://op.example", "client_id": "x"},
            secrets={"client_secret": "s"},
            actor=SYSTEM,
        )
        purchase.refresh_from_db()
        assert purchase.status == PurchaseStatus.TESTING
        Connection.objects.all().delete()


def test_a_colleague_who_was_sent_the_task_buys_and_sees_nothing_else(account, tenant, staff_client):
    owner = make_member(tenant)
    with tenant_scope(tenant.id):
        made = make_setup_link(
            item="buy_partner", about="face_check", email="cfo@x.example", made_by=owner.id, actor=SYSTEM
        )
    client = site_client()
    client.post(f"/setup/{made.token}")
    landed = client.post(f"/setup/{made.token}/code", {"code": code_in(newest_mail("cfo@x.example"))})
    assert landed["Location"] == f"/o/{tenant.slug}/partners/face_check/"
    shop = Shop(tenant, account, client)
    shop.buy("bundle-500").visit().pay(GOOD)
    shop.tell()
    assert shop.is_entitled()
    for path in (
        "people/",
        "usage/",
        "partners/oidc/settings",
        "partners/oidc/",
        "partners/persona/request",
        "members/",
    ):
        assert client.get(f"/o/{tenant.slug}/{path}").status_code in (302, 403, 404), path


def test_every_status_has_its_moves_and_paid_always_leads_on():
    assert MOVES.ends == {PurchaseStatus.REPLACED, PurchaseStatus.ENDED}
    for status in (PurchaseStatus.PAYING, PurchaseStatus.ABANDONED, PurchaseStatus.REVIEWED):
        assert MOVES.allows(status, PurchaseStatus.PAID)
    assert not MOVES.allows(PurchaseStatus.PLANNED, PurchaseStatus.READY)


def test_a_price_that_will_change_is_told_once_to_those_who_pay(tenant):
    day = today() + timedelta(days=45)
    later = {"currency": "EUR", "unit_price": "1.75", "effective_from": day.isoformat()}
    first = plan("standard", "1.20")
    slug = f"dearer_{uuid7().hex[:8]}"
    content = listing_file(
        slug=slug,
        product={"vendor": slug, "meter": "face_check"},
        plans=[first | {"prices": [*first["prices"], later]}],
    )
    assert load_listing("x.json", content).result == "loaded"
    payer = make_member(tenant, Role.BILLING_MANAGER)
    make_member(tenant, Role.AUDITOR)
    with tenant_scope(tenant.id):
        Purchase.objects.create(slug=slug, plan="standard", currency="EUR", status="ready")
    before = StaffMail.objects.filter(template="staff_price_change").count()
    for _twice in range(2):
        announce_prices()
    assert StaffMail.objects.filter(template="staff_price_change").count() == before + 1
    with tenant_scope(tenant.id):
        told = AuditEvent.objects.get(name="partner:price:tell")
        assert told.data["unit_price"] == "1.75 EUR"
    assert "1.75 EUR instead of 1.20 EUR" in newest_mail(payer.user.email)


def test_each_partner_that_can_be_connected_has_a_listing_that_says_the_same():
    for slug, entry in ADAPTERS.items():
        assert slug in shelf(), f"vendors/catalogue/listings/{slug}.json is missing"
        item = shelf()[slug]
        assert entry.kind in item.listing.kinds, slug
        assert adapter_of(slug).manifest.contract_status == item.listing.contract_status, slug


def test_what_was_paid_in_advance_pays_the_invoice_and_nothing_is_collected_again(shop):
    shop.buy("bundle-500").visit().pay(GOOD)
    shop.tell()
    with tenant_scope(shop.tenant.id):
        check_faces(shop.tenant, 4)
        label = standing().period_at(clock.now()).label
    shop.close(label)
    shop.work()
    (document,) = shop.documents()
    with tenant_scope(shop.tenant.id):
        assert [(line.kind, line.minor) for line in document.lines.order_by("position")] == [
            ("usage", 88),
            ("credit", -88),
        ]
        (left,) = credits_left("EUR")
    assert document.total_minor == 0 and left.minor == 11000 - 88
    (invoice,) = shop.account.v1.invoices.list().data
    assert invoice.amount_due == 0 and len(shop.paid_at_stripe()) == 1


def test_the_fee_of_a_bought_plan_stands_beside_the_budgets(tenant):
    with tenant_scope(tenant.id):
        assert beside_budgets(standing(), []).fee == 0
        put_on_plan(vendor="readmit", plan="monthly-100", at=clock.now(), actor=SYSTEM)
        found = beside_budgets(standing(), [])
        assert found.fee == Decimal("19.00")
        assert found.of(Budget(vendor="readmit", currency="EUR")).fee == Decimal("19.00")
        assert found.of(Budget(vendor="house", currency="EUR")).fee == 0
