"""Paid equals entitled: whatever happens on the way, what Stripe took stands in the ledger once, and gives what it paid for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from portal.kit import clock
from portal.kit.errors import Unavailable
from portal.kit.scope import tenant_scope
from tenants.models import Outbox
from tenants.rights import Role
from tests.catalogue.shop import DECLINED, GOOD, HOLDER, Shop
from vendors import buying
from vendors.billing.collecting import client as stripe_door
from vendors.billing.collecting import reading, sending
from vendors.billing.collecting.models import FactKind, PaymentEvent
from vendors.billing.collecting.reading import read_events
from vendors.billing.collecting.reconciling import reconcile
from vendors.billing.models import Subscription
from vendors.catalogue import purchasing


def paid(shop: Shop) -> None:
    shop.visit().pay(GOOD)
    shop.tell()
    assert "Ready" in shop.page("buy/paid")


def declined(shop: Shop) -> None:
    page = shop.visit().pay(DECLINED)
    assert page.status == 422
    shop.tell()
    assert "At the payment page" in shop.page()


def declined_and_then_another_card(shop: Shop) -> None:
    page = shop.visit().pay(DECLINED)
    page.pay(GOOD)
    shop.tell()


def the_bank_asks_its_holder(shop: Shop) -> None:
    shop.visit().pay(HOLDER).send(answer="complete")
    shop.tell()


def the_holder_says_no(shop: Shop) -> None:
    shop.visit().pay(HOLDER).send(answer="fail")
    shop.tell()


def left_and_never_come_back(shop: Shop) -> None:
    shop.visit()
    shop.tell()


def left_and_taken_up_again(shop: Shop) -> None:
    first = shop.payment_page()
    shop.client.post(shop.address("buy/pay"))
    shop.work()
    assert shop.payment_page() == first
    shop.visit().pay(GOOD)
    shop.tell()


def ran_out(shop: Shop) -> None:
    shop.account.v1.checkout.sessions.expire(shop.sessions()[0].id)
    shop.tell()
    assert "Nothing was paid" in shop.page("buy/paid")


def ran_out_and_paid_on_a_new_page(shop: Shop) -> None:
    ran_out(shop)
    shop.client.post(shop.address("buy/pay"))
    shop.work()
    shop.visit().pay(GOOD)
    shop.tell()
    assert len(shop.sessions()) == 2


def paid_in_two_tabs(shop: Shop) -> None:
    """The same page in both: the second reads that it is done."""
    one, other = shop.visit(), shop.visit()
    one.pay(GOOD)
    other.pay(GOOD)
    shop.tell()


def agreed_in_two_tabs_at_once(shop: Shop) -> None:
    shop.client.post(shop.address("buy/review"), {"seen_minor": 11000, "agreed": ["biometric_consent"]})
    shop.client.post(shop.address("buy/pay"))
    shop.work()
    shop.visit().pay(GOOD)
    shop.tell()
    assert len(shop.sessions()) == 1


def given_up(shop: Shop) -> None:
    """Its page is closed at Stripe: nobody can pay on it any more."""
    page = shop.visit()
    shop.client.post(shop.address("buy/give-up"))
    shop.work()
    assert [session.status for session in shop.sessions()] == ["expired"]
    assert page.pay(GOOD).status >= 400


def given_up_while_its_page_was_being_opened(shop: Shop) -> None:
    shop.client.post(shop.address("buy/give-up"))
    shop.choose("bundle-500")
    shop.client.post(shop.address("buy/review"), {"seen_minor": 11000, "agreed": ["biometric_consent"]})
    shop.client.post(shop.address("buy/give-up"))
    shop.work()
    assert {session.status for session in shop.sessions()} == {"expired"}


def given_up_here_and_paid_there(shop: Shop) -> None:
    page = shop.visit()
    shop.client.post(shop.address("buy/give-up"))
    assert not shop.is_entitled()
    page.pay(GOOD)
    shop.work()
    shop.tell()


def paid_just_before_its_page_was_closed(shop: Shop) -> None:
    """Between our look at the page and the call that closes it somebody pays: Stripe refuses, and what was paid counts."""
    page, real = shop.visit(), stripe_door.ask

    def late(operation: str, params: Any, *, key: str) -> Any:
        if operation == "expire_checkout":
            page.pay(GOOD)
        return real(operation, params, key=key)  # type: ignore[arg-type]

    shop.client.post(shop.address("buy/give-up"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe_door, "ask", late)
        shop.work()
    assert shop.call(operation="expire_checkout").state == "answered"


def given_up_and_paid_after_another_choice(shop: Shop) -> None:
    """The newer plan stays; what the older page took is credit."""
    page = shop.visit()
    shop.client.post(shop.address("buy/give-up"))
    page.pay(GOOD)
    shop.buy("trial-25")
    shop.tell()
    assert not shop.is_entitled()
    shop.visit().pay(GOOD)
    shop.tell()
    assert shop.purchase.plan == "trial-25"


def told_before_the_browser_is_back(shop: Shop) -> None:
    shop.visit().pay(GOOD)
    shop.tell()
    answer = shop.client.get(shop.address("buy/paid"))
    assert answer.status_code == 302 and answer.url.endswith("/partners/face_check/")


def back_before_anybody_told(shop: Shop) -> None:
    shop.visit().pay(GOOD)
    waiting = shop.client.get(shop.address("buy/paid"))
    assert waiting["Refresh"] == "2" and not shop.is_entitled()
    shop.work()
    assert shop.client.get(shop.address("buy/paid")).status_code == 302
    shop.tell()


def never_told_and_never_back(shop: Shop) -> None:
    shop.visit().pay(GOOD)
    found = reconcile(shop.tenant.id)
    assert {each.kind for each in found} & {FactKind.CHECKOUT.value}
    shop.work()
    assert shop.is_entitled() and FactKind.CHECKOUT.value not in {
        each.kind for each in reconcile(shop.tenant.id)
    }


def told_five_times_backwards(shop: Shop) -> None:
    shop.visit().pay(GOOD)
    for number in range(5):
        shop.deliver_all([{**each, "id": f"{each['id']}{number}"} for each in shop.told()[::-1]])
    shop.read()
    shop.work()


def told_before_our_own_answer_was_written_down(shop: Shop) -> None:
    """The worker died between Stripe's answer and the note of it; the event finds nobody, the next try finds the page."""
    shop.visit().pay(GOOD)
    call = shop.call(operation="begin_checkout")
    with tenant_scope(shop.tenant.id):
        type(call).objects.filter(id=call.id).update(answer_id="", state="waiting", answered_at=None)
    shop.tell()
    assert not shop.is_entitled()
    with tenant_scope(shop.tenant.id):
        sending.send_soon(call.chain)
    shop.work()


def nothing_is_due(shop: Shop) -> None:
    shop.client.post(shop.address("buy/give-up"))
    shop.buy("trial-25")
    shop.visit().pay(GOOD)
    shop.tell()
    assert shop.is_entitled() and shop.purchase.plan == "trial-25"


ROWS: dict[str, tuple[Callable[[Shop], None], int, bool]] = {
    each.__name__: (each, payments, entitled)
    for each, payments, entitled in (
        (paid, 1, True),
        (declined, 0, False),
        (declined_and_then_another_card, 1, True),
        (the_bank_asks_its_holder, 1, True),
        (the_holder_says_no, 0, False),
        (left_and_never_come_back, 0, False),
        (left_and_taken_up_again, 1, True),
        (ran_out, 0, False),
        (ran_out_and_paid_on_a_new_page, 1, True),
        (paid_in_two_tabs, 1, True),
        (agreed_in_two_tabs_at_once, 1, True),
        (given_up, 0, False),
        (given_up_while_its_page_was_being_opened, 0, False),
        (given_up_here_and_paid_there, 1, True),
        (paid_just_before_its_page_was_closed, 1, True),
        (given_up_and_paid_after_another_choice, 1, True),
        (told_before_the_browser_is_back, 1, True),
        (back_before_anybody_told, 1, True),
        (never_told_and_never_back, 1, True),
        (told_five_times_backwards, 1, True),
        (told_before_our_own_answer_was_written_down, 1, True),
        (nothing_is_due, 0, True),
    )
}
counted: list[str] = []


def agree_in_the_end(shop: Shop, payments: int, *, entitled: bool) -> None:
    """The three agree, and still do after everything was told again and reconciled."""
    for _again in range(2):
        assert len(shop.paid_at_stripe()) == payments
        assert sum(shop.paid_at_stripe()) == shop.in_the_ledger()
        assert shop.is_entitled() is entitled
        shop.tell()
        reconcile(shop.tenant.id)
        shop.work()


@pytest.mark.parametrize("name", list(ROWS))
def test_what_was_paid_is_what_holds(shop, name):
    drive, payments, entitled = ROWS[name]
    drive(shop.buy())
    agree_in_the_end(shop, payments, entitled=entitled)
    counted.append(name)


def _dies_once(monkeypatch: pytest.MonkeyPatch, place: object, name: str, *, after: bool) -> None:
    """The process dies before or after this step, the first time it is reached."""
    real, deaths = getattr(place, name), [1]

    def step(*given: object, **named: object) -> object:
        if not deaths:
            return real(*given, **named)
        deaths.clear()
        if after:
            real(*given, **named)
        raise Unavailable("died_here")

    monkeypatch.setattr(place, name, step)


STEPS = (
    ("asking Stripe for the page", stripe_door, "ask"),
    ("reading what Stripe told", reading, "apply_fact"),
    ("writing the payment into the ledger", purchasing, "grant_credit"),
    ("putting the plan in force", purchasing, "put_on_plan"),
    ("settling as a whole", buying, "settle_checkout"),
)
KILLS = {
    f"{'after' if after else 'before'} {name}": (place, step, after)
    for name, place, step in STEPS
    for after in (False, True)
}


@pytest.mark.parametrize("name", list(KILLS))
def test_a_death_at_any_step_changes_nothing(shop, monkeypatch, name):
    place, step, after = KILLS[name]
    _dies_once(monkeypatch, place, step, after=after)
    shop.buy()
    for _again in range(3):
        shop.later()
    shop.visit().pay(GOOD)
    shop.tell()
    for _again in range(3):
        shop.later()
    agree_in_the_end(shop, 1, entitled=True)
    assert len(shop.sessions()) == 1
    counted.append(name)


class Patient(Shop):
    """Waits after whatever is done, as long as a worker takes to come to it again, and to what Stripe told."""

    def work(self) -> None:
        super().work()
        for _again in range(3):
            Outbox.objects.filter(tenant_id=self.tenant.id).update(available_at=clock.now())
            PaymentEvent.objects.filter(handled_at=None).update(next_at=clock.now())
            read_events()
            super().work()


# Every way to pay, with a death at every step of it: minutes, so only where it is asked for.
EVERY_DEATH = [(way, kill) for way in ROWS for kill in KILLS] if os.environ.get("READMIT_CHECKOUTS") else []


@pytest.mark.parametrize(("way", "kill"), EVERY_DEATH)
def test_a_death_at_any_step_of_any_way_changes_nothing(
    tenant, account, staff_client, monkeypatch, way, kill
):
    (drive, payments, entitled), (place, step, after) = ROWS[way], KILLS[kill]
    shop = Patient(tenant, account, staff_client(Role.BILLING_MANAGER))
    _dies_once(monkeypatch, place, step, after=after)
    drive(shop.buy())
    shop.work()
    agree_in_the_end(shop, payments, entitled=entitled)
    counted.append(f"{way} × {kill}")


def test_how_often_paid_was_entitled(capsys):
    whole = len(ROWS) + len(KILLS) + len(EVERY_DEATH)
    if len(counted) == whole:
        with capsys.disabled():
            sys.stdout.write(f"\npaid equals entitled: {len(counted)} of {whole} ways\n")


def _at_once(work: Callable[[], object], count: int = 6) -> None:
    """So many at the same moment, each with a connection of its own."""

    def alone(_number: int) -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(alone, range(count)))


def test_whoever_comes_at_once_opens_one_page_and_settles_it_once(shop):
    shop.choose("bundle-500")
    agreed = {"seen_minor": 11000, "agreed": ["biometric_consent"]}
    _at_once(lambda: shop.client.post(shop.address("buy/review"), agreed))
    shop.work()
    assert len(shop.sessions()) == 1 and shop.purchase.tries == 1
    shop.visit().pay(GOOD)
    shop.deliver_all()
    read_events()
    (session,) = shop.sessions()

    def settle() -> None:
        with tenant_scope(shop.tenant.id):
            purchasing.settle_checkout(session.id)

    _at_once(settle)
    agree_in_the_end(shop, 1, entitled=True)
    with tenant_scope(shop.tenant.id):
        assert Subscription.objects.filter(vendor="readmit").count() == 1
