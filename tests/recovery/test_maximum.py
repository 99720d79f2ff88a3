"""What one recovery costs at most: stated on the profile's page, and never passed."""

from __future__ import annotations

import html
import random
import re
import uuid
from collections import Counter
from decimal import Decimal

import pytest

from portal.kit.countries import ANOTHER
from portal.kit.scope import tenant_scope
from recovery.allowance import most_of
from recovery.models import Profile
from recovery.partner_conditions import Circumstances, condition_of, why_not_offered
from tenants.rights import Role
from tests.billing.world import load
from tests.recovery.console.world import published_profile
from tests.recovery.journey import Journey, Place
from tests.recovery.simulated import price_of, recover
from vendors.billing.book import Book
from vendors.billing.models import ContractPrice, UsageEntry
from vendors.facecheck.tries import MAX_TRIES
from vendors.maximum import most
from vendors.models import Connection

RECOVERIES = 10_000


def made(vendor, kind):
    return Connection(vendor=vendor, kind=kind)


def spent(place: Place) -> dict[str, Decimal]:
    with tenant_scope(place.tenant.id):
        found: Counter[str] = Counter()
        for entry in UsageEntry.objects.all():
            found[entry.currency] += entry.amount
    return {currency: amount for currency, amount in found.items() if amount}


def stated(place: Place) -> dict[str, Decimal]:
    with tenant_scope(place.tenant.id):
        place.profile.refresh_from_db()
        found = most_of(place.profile)
        assert found is not None and found.is_known
        return found.totals


def within(cost: dict[str, Decimal], limit: dict[str, Decimal]) -> bool:
    return all(amount <= limit.get(currency, Decimal(0)) for currency, amount in cost.items())


@pytest.mark.parametrize("kind", ["through_us", "own_contract"])
def test_no_simulated_recovery_costs_more_and_one_costs_as_much(tenant, kind):
    vendor = load(unit_price="1.35")
    with tenant_scope(tenant.id):
        ContractPrice.objects.create(vendor=vendor, unit_price=Decimal("1.10"), currency="USD")
        connection = made(vendor, kind)
        limit = most([connection], decisions=Profile().proofings, face_checks=MAX_TRIES).totals
        book = Book.of(("decision", vendor), ("face_check", "readmit"))
        seen: set[tuple[tuple[str, Decimal], ...]] = set()
        priced: dict[tuple, dict[str, Decimal]] = {}
        for seed in range(RECOVERIES):
            checks = recover(seed)
            alike = tuple(sorted(checks))
            if alike not in priced:
                priced[alike] = price_of(book, connection, checks)
            assert within(priced[alike], limit), (seed, checks)
            seen.add(tuple(sorted(priced[alike].items())))
    assert len(seen) > 10
    highest = {currency: max(dict(each).get(currency, Decimal(0)) for each in seen) for currency in limit}
    if kind == "own_contract":
        assert limit == {"USD": Decimal("3.30"), "EUR": Decimal("1.25")} == highest
    else:
        assert limit == {"EUR": Decimal("5.30")} and highest["EUR"] > Decimal("4.00")


def test_conditions_let_no_simulated_recovery_cost_more(tenant):
    """Each session goes to a partner that is for this person, whose country is drawn; the profile states one sum."""
    prices = {load(unit_price=price): price for price in ("0.40", "1.00", "1.90")}
    countries = ["CZ", "PL", "SE", ANOTHER, ""]
    chance = random.Random(59)
    with tenant_scope(tenant.id):
        there = {uuid.uuid4(): made(vendor, "through_us") for vendor in prices}
        _cheap, middle, dear = there
        conditions = {str(dear): {"countries": ["SE"]}, str(middle): {"countries": ["CZ", "PL"]}}
        profile = Profile(partners=[str(one) for one in there], partner_conditions=conditions)
        limit = most(list(there.values()), decisions=profile.proofings, face_checks=MAX_TRIES).totals
        book = Book.of(*(("decision", vendor) for vendor in prices), ("face_check", "readmit"))
        dearest: dict[str, Decimal] = {}
        for seed in range(RECOVERIES):
            about = Circumstances(chance.choice(countries))
            mine = [
                one for name, one in there.items() if not why_not_offered(condition_of(profile, name), about)
            ]
            cost = price_of(book, None, recover(seed), choose=lambda mine=mine: chance.choice(mine))
            assert within(cost, limit), (seed, about)
            dearest[about.country] = max(dearest.get(about.country, Decimal(0)), cost.get("EUR", Decimal(0)))
    assert limit == {"EUR": Decimal("6.95")} and dearest["SE"] > Decimal("5")
    assert dearest["CZ"] <= Decimal("4.25") and dearest[ANOTHER] <= Decimal("2.45")


def test_the_dearest_tier_counts(tenant):
    vendor = load(
        model="volume",
        tiers=[{"up_to": 10, "unit_price": "1.00"}, {"up_to": None, "unit_price": "1.40"}],
    )
    with tenant_scope(tenant.id):
        assert most([made(vendor, "through_us")], decisions=2, face_checks=0).totals == {
            "EUR": Decimal("2.80")
        }


def test_a_free_partner_costs_its_face_checks_alone(tenant):
    with tenant_scope(tenant.id):
        assert most([made("house", "free")], decisions=3, face_checks=5).totals == {"EUR": Decimal("1.25")}


def test_of_several_partners_the_dearest_counts_in_each_currency(tenant):
    cheap, dear = load(unit_price="1.00"), load(unit_price="1.40")
    with tenant_scope(tenant.id):
        ContractPrice.objects.create(vendor="abroad", unit_price=Decimal("2.00"), currency="USD")
        asked = [made(cheap, "through_us"), made(dear, "through_us"), made("abroad", "own_contract")]
        found = most(asked, decisions=3, face_checks=1)
    assert found.totals == {"EUR": Decimal("4.45"), "USD": Decimal("6.00")}


@pytest.mark.parametrize(
    ("document", "eid", "most_of_it"),
    [
        ("0.50", "2.00", "6.00"),  # three times the eID, and no face
        ("1.00", "2.00", "6.25"),  # twice the eID, then a document and five faces
        ("2.00", "1.00", "7.25"),  # three documents and five faces
    ],
)
def test_with_an_eid_beside_a_document_the_dearest_mix_counts(tenant, document, eid, most_of_it):
    with tenant_scope(tenant.id):
        for vendor, price in (("oidc", document), ("mitid", eid)):
            ContractPrice.objects.create(vendor=vendor, unit_price=Decimal(price), currency="EUR")
        asked = [made("oidc", "own_contract"), made("mitid", "own_contract")]
        found = most(asked, decisions=Profile().proofings, face_checks=MAX_TRIES)
        assert found.totals == {"EUR": Decimal(most_of_it)}
        reached = max(
            Decimal(document) * first + Decimal(eid) * (3 - first) + (Decimal("1.25") if first else 0)
            for first in range(4)
        )
        assert reached == Decimal(most_of_it)


def test_an_eid_alone_costs_no_face(tenant):
    with tenant_scope(tenant.id):
        ContractPrice.objects.create(vendor="mitid", unit_price=Decimal("2.00"), currency="EUR")
        found = most([made("mitid", "own_contract")], decisions=Profile().proofings, face_checks=MAX_TRIES)
    assert found.totals == {"EUR": Decimal("6.00")} and len(found.parts) == 1


def test_without_a_price_nothing_is_stated(tenant):
    with tenant_scope(tenant.id):
        assert not most([made(load(unit_price="1") + "x", "through_us")], decisions=1, face_checks=1).is_known
        assert not most([made("unpriced", "own_contract")], decisions=1, face_checks=1).is_known


# ------------------------------------------------------------------ real journeys


@pytest.fixture
def priced(place: Place) -> Place:
    with tenant_scope(place.tenant.id):
        vendor = place.connection.vendor
        ContractPrice.objects.create(vendor=vendor, unit_price=Decimal("1.10"), currency="EUR")
    return place


def test_a_recovery_that_works_costs_less(priced: Place, browser: Journey):
    browser.to_pass("ada")
    assert spent(priced) == {"EUR": Decimal("1.35")}
    assert within(spent(priced), stated(priced))


def test_sessions_left_behind_in_other_browsers_are_charged_and_come_to_an_end(
    priced: Place, browser: Journey
):
    """Each browser leaves its session open, the case goes on in the next, and every session comes to a decision."""
    here, answers = browser.begin("ada").consent(), []
    for _number in range(Profile._meta.get_field("proofings").default - 1):
        answers.append((here, here.at_partner()))
        here = priced.carry(here.continuation())
        here.post("/recover/prove")
        here.work()
    answers.append((here, here.at_partner()))
    last = priced.carry(here.continuation())
    page = last.post("/recover/prove")
    last.work()
    assert page.status_code in (302, 303)
    assert last.outcome() == ("refused", ["proofing_tries_used_up"])
    for left, query in answers:
        left.client.get("/recover/return", query)
        left.work()
    decisions = [billable for meter, billable, _why in last.usage() if meter == "decision"]
    assert decisions.count(True) == Profile._meta.get_field("proofings").default
    assert within(spent(priced), stated(priced))


def test_a_face_that_fails_again_and_again_is_judged_five_times(priced: Place, browser: Journey, vision):
    browser.to_face("ada")
    vision.confidence = 3
    for _number in range(MAX_TRIES):
        browser.face()
    assert browser.outcome() == ("refused", ["face_check_failed"])
    charged = [billable for meter, billable, _why in browser.usage() if meter == "face_check"]
    assert charged.count(True) == MAX_TRIES
    assert spent(priced) == {"EUR": Decimal("2.35")} and within(spent(priced), stated(priced))


def test_the_person_reads_how_often_they_may_try(priced: Place, browser: Journey):
    browser.begin("ada").consent()
    there = priced.carry(browser.continuation())
    page = html.unescape(there.get("/recover/prove").content.decode())
    assert "up to 2 times in this recovery" in page


# ------------------------------------------------------------------ the page


def test_the_profile_s_page_states_it_with_its_parts(tenant, staff_client):
    with tenant_scope(tenant.id):
        profile = published_profile()
        found = most_of(profile)
    assert found is not None
    client = staff_client(Role.ADMINISTRATOR)
    page = client.get(f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/").content.decode()
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert "What one recovery costs at most €1.25" in words
    assert "up to 3 times, free" in words and "Face Check: up to 5 times, €0.25" in words
