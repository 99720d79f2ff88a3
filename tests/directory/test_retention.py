"""How long what is held of people is kept: shown before it goes, gone when it is due, and nothing else with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.readiness.reading import facts_of
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress, PersonName, RetentionRule
from tenants.directory.named import Named
from tenants.directory.retention import keeping
from tenants.directory.retention.keeping import (
    decide_retention,
    keep_to_retention,
    let_go_of_category,
    what_would_go,
)
from tenants.directory.retention.rules import Category, Rule, proposed
from tenants.directory.selectors import find_person
from tenants.directory.services import (
    activate_person,
    create_person,
    hold_evidence,
    remove_person,
    suspend_person,
)
from tenants.rights import Role
from tests.conftest import make_tenant
from tests.directory.pages import people_page
from tests.recovery.racing import race

EVERYTHING = {category: Rule(30, 365 if category is Category.NUMBERS else None) for category in Category}
YEARS = timedelta(days=400)


def person(name, *, days=40, is_suspended=True):
    """Somebody with everything, who came so many days ago and was suspended then."""
    with clock.frozen(clock.now() - timedelta(days=days)):
        made = create_person(
            user_name=name,
            given_names="Anna",
            family_name="Svoboda",
            emails=[f"{name}@x.example"],
            phones=["+420 555 0100"],
            department="Maths",
            birthdate=clock.now().date() - timedelta(days=9_000),
            named=[Named("former", "", "Dvořáková")],
            actor=SYSTEM,
        )
        hold_evidence(made.id, ("document_number", f"digest of {name}"), ("credential", "card"))
        return suspend_person(made.id, actor=SYSTEM, reason="") if is_suspended else made


def held_of(one):
    row = DirectoryPerson.objects.get(id=one.id)
    return {
        "birthdate": row.birthdate is not None,
        "standing": bool(row.department),
        "other_names": PersonName.objects.filter(person=one).exists(),
        "emails": NoticeAddress.objects.filter(person=one, kind="email").exists(),
        "phones": NoticeAddress.objects.filter(person=one, kind="phone").exists(),
        "numbers": HeldEvidence.objects.filter(person=one, kind="document_number").exists(),
    }


def test_nothing_is_let_go_before_somebody_decided(tenant):
    with tenant_scope(tenant.id):
        one = person("old", days=3_000)
    keep_to_retention()
    with tenant_scope(tenant.id):
        assert all(held_of(one).values())


def test_what_is_due_goes_with_its_words_and_nothing_of_anybody_else(tenant):
    other = make_tenant()
    with tenant_scope(other.id):
        foreign = person("foreign")
    with tenant_scope(tenant.id):
        old, young = person("old"), person("young", days=29)
        here = person("here", is_suspended=False)
        decide_retention(EVERYTHING, actor=SYSTEM)
    keep_to_retention()
    with tenant_scope(tenant.id):
        assert not any(held_of(old).values())
        assert all(held_of(young).values()) and all(held_of(here).values())
        assert HeldEvidence.objects.filter(person=old, kind="credential").exists(), "a card has its own end"
        assert find_person("old@x.example") is None and find_person("old") == old
        assert {one.user_name for one in people_page(text="dvorakova").rows} == {"young", "here"}
        told = [event.data for event in AuditEvent.objects.filter(name="people:retention:keep")]
        assert {one["category"]: one["people"] for one in told} == dict.fromkeys(Category.values, 1)
        assert "old" not in str(told)
    keep_to_retention()
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.filter(name="people:retention:keep").count() == len(Category)
    with tenant_scope(other.id):
        assert all(held_of(foreign).values())


@pytest.mark.usefixtures("in_tenant")
def test_a_number_goes_after_its_last_proof_also_of_people_who_are_here():
    one = person("here", days=400, is_suspended=False)
    rule = Rule(None, 365)
    assert [
        (each.people, each.active) for each in what_would_go({Category.NUMBERS: rule}) if each.people
    ] == [(1, 1)]
    hold_evidence(one.id, ("document_number", "digest of here"))
    assert let_go_of_category(Category.NUMBERS, rule) == 0, "proven again, it begins anew"
    with clock.frozen(clock.now() + YEARS):
        assert let_go_of_category(Category.NUMBERS, rule) == 1
    assert not HeldEvidence.objects.filter(person=one, kind="document_number").exists()


@pytest.mark.usefixtures("in_tenant")
def test_whoever_is_activated_in_time_keeps_everything_and_a_new_suspension_begins_anew():
    one = person("back")
    activate_person(one.id, actor=SYSTEM)
    assert let_go_of_category(Category.BIRTHDATE, Rule(30)) == 0
    suspend_person(one.id, actor=SYSTEM, reason="")
    assert let_go_of_category(Category.BIRTHDATE, Rule(30)) == 0 and all(held_of(one).values())


@pytest.mark.usefixtures("in_tenant")
@pytest.mark.parametrize(("days", "goes"), [(420, True), (460, False), (None, False)])
def test_readiness_is_told_thirty_days_before_a_number_goes(days, goes):
    one = person("here", days=400, is_suspended=False)
    decide_retention({Category.NUMBERS: Rule(None, days)}, actor=SYSTEM)
    assert facts_of([one], frozenset())[0].document_goes is goes
    hold_evidence(one.id, ("document_number", "another"))
    assert facts_of([one], frozenset())[0].document_goes is False


def sent(**changes):
    rules = proposed()
    found = {f"{category.value}_left": str(rules[category].left_days) for category in rules}
    return {**found, "numbers_confirmed": "3650", **changes}


def test_the_page_shows_what_would_go_and_only_a_typed_word_decides(tenant, staff_client):
    client, base = staff_client(Role.ADMINISTRATOR), f"/o/{tenant.slug}/privacy"
    with tenant_scope(tenant.id):
        person("old")
    page = client.get(f"{base}/").content.decode()
    assert "Nothing is let go yet" in page and 'value="30"' in page
    page = client.post(f"{base}/preview", sent(birthdate_left="")).content.decode()
    assert "Telephone numbers: of 1 person" in page and "Date of birth" not in page
    for word in ("", "yes"):
        answer = client.post(f"{base}/apply", sent(birthdate_left="", word=word))
        assert answer.status_code == 200 and "Type the word" in answer.content.decode()
    with tenant_scope(tenant.id):
        assert not RetentionRule.objects.exists()
    assert client.post(f"{base}/apply", sent(birthdate_left="", word="let go")).status_code == 302
    with tenant_scope(tenant.id):
        kept = {row.category: (row.left_days, row.confirmed_days) for row in RetentionRule.objects.all()}
        assert kept["birthdate"] == (None, None) and kept["numbers"] == (30, 3_650)
        event = AuditEvent.objects.get(name="people:retention:change")
        assert "phones 30 –" in event.data["days_after"] and event.data["days_before"] == []
    assert "People of whom it goes next" in client.get(f"{base}/").content.decode()


@pytest.mark.parametrize("days", ["6", "0", "-1", "99999", "x"])
def test_days_that_would_punish_a_mistake_are_refused(tenant, staff_client, days):
    client, base = staff_client(), f"/o/{tenant.slug}/privacy"
    for path in ("preview", "apply"):
        answer = client.post(f"{base}/{path}", sent(phones_left=days, word="let go"))
        assert answer.status_code == 200 and "What goes within six hours" not in answer.content.decode()
    with tenant_scope(tenant.id):
        assert not RetentionRule.objects.exists()


def test_two_turns_and_whoever_changes_people_meanwhile_do_each_thing_once(tenant, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 3)
    with tenant_scope(tenant.id):
        gone = [person(f"gone{number}") for number in range(12)]
        back = [person(f"back{number}") for number in range(6)]
        erased = [person(f"erased{number}") for number in range(4)]

    def turn(number):
        if number < 6:
            with tenant_scope(tenant.id):
                activate_person(back[number].id, actor=SYSTEM)
        elif number < 10:
            with tenant_scope(tenant.id):
                remove_person(erased[number - 6].id, actor=SYSTEM)
        else:
            while True:
                with tenant_scope(tenant.id):
                    if not let_go_of_category(Category.EMAILS, Rule(30)):
                        break
        return "done"

    assert race(turn, times=18, threads=18) == {"done": 18}
    with tenant_scope(tenant.id):
        told = AuditEvent.objects.filter(name="people:retention:keep").values_list("data", flat=True)
        kept = [one for one in back if held_of(one)["emails"]]
        # Whoever lost an address is counted once, however many turns wanted to.
        lost = [one for one in [*gone, *back] if not held_of(one)["emails"]]
        assert len(gone) <= len(lost) <= sum(one["people"] for one in told) <= len(lost) + len(erased)
        assert len(kept) + len(lost) == len(gone) + len(back)
        for one in [*gone, *back]:
            # All of it or nothing: the address, and what finds them by it.
            assert (find_person(f"{one.user_name}@x.example") is not None) is held_of(one)["emails"]


def test_a_turn_that_is_killed_half_way_leaves_nothing_half_gone(tenant, monkeypatch):
    with tenant_scope(tenant.id):
        one = person("gone")
    monkeypatch.setattr(keeping, "record_event", lambda *_given, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError), tenant_scope(tenant.id):
        let_go_of_category(Category.EMAILS, Rule(30))
    monkeypatch.undo()
    with tenant_scope(tenant.id):
        assert held_of(one)["emails"] and find_person("gone@x.example")
    with tenant_scope(tenant.id):
        assert let_go_of_category(Category.EMAILS, Rule(30)) == 1 and not held_of(one)["emails"]
