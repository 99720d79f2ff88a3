"""Somebody is erased, or what is held of them let go of, while their recovery moves: nothing half done, and a clear end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.access_pass.models import AccessPass
from recovery.entry.models import NoReminders
from recovery.models import CredentialBinding
from recovery.passkeys.models import Passkey, PersonSession
from recovery.statuses import CaseStatus
from tenants.directory.models import DirectoryPerson, HeldEvidence, NoticeAddress
from tenants.directory.retention.keeping import let_go_of_category
from tenants.directory.retention.rules import Category, Rule
from tenants.directory.selectors import document_digest
from tenants.directory.services import hold_evidence, remove_person, suspend_person
from tenants.verified_id.issuance import begin_issuance
from tenants.verified_id.models import Credential, Issuance
from tests.recovery.authenticator import Authenticator
from tests.recovery.journey import ADA, Journey, Place
from tests.recovery.racing import race
from tests.vendors.conftest import work

# Each: the way there, and what the person does next without knowing.
MOMENTS: dict[str, tuple[Callable[[Journey], object], Callable[[Journey], object]]] = {
    "before the consent": (lambda walk: walk.begin("ada"), lambda walk: walk.consent()),
    "before the card": (lambda walk: walk.begin("ada").prove(), lambda walk: walk.keep().show()),
    "before the face": (lambda walk: walk.to_face("ada"), lambda walk: walk.face()),
    "before the pass is used": (lambda walk: walk.to_pass("ada"), lambda walk: walk.use_pass()),
    "before the passkey": (lambda walk: walk.to_pass("ada").use_pass(), lambda walk: _registered(walk)),
}


def _registered(walk: Journey) -> None:
    answer = walk.post("/recover/passkey/options")
    if answer.status_code == 200 and "json" in answer["Content-Type"]:
        walk.register(Authenticator(walk.origin).create(answer.json()))


def is_closed(place: Place, walk: Journey, person: DirectoryPerson) -> None:
    """Whatever the person does, no way in is left and nothing about them is held."""
    for path in ("/recover/checking", "/recover/face", "/recover/pass", "/recover/passkey", "/recover/done"):
        assert walk.get(path).status_code < 500, path
    _registered(walk)
    walk.work()
    with tenant_scope(place.tenant.id):
        assert not Passkey.objects.filter(person_id=person.id, invalidated_at=None).exists()
        assert not HeldEvidence.objects.filter(person_id=person.id).exists()
        assert not NoticeAddress.objects.filter(person_id=person.id).exists()
        assert not CredentialBinding.objects.filter(person_id=person.id).exists()
        assert not PersonSession.objects.filter(person_id=person.id, ended_at=None).exists()


@pytest.mark.parametrize("moment", MOMENTS)
def test_whoever_is_erased_half_way_gets_no_further(place: Place, moment: str) -> None:
    """The case ends at once, with its pass, its card and its proof, whatever the person does next."""
    arrive, go_on = MOMENTS[moment]
    ada, walk = place.person("ada"), place.browser()
    arrive(walk)
    charged = len(walk.usage())
    with tenant_scope(place.tenant.id):
        remove_person(ada.id, actor=SYSTEM)
    work(place.tenant)
    assert walk.outcome()[0] == CaseStatus.REFUSED and "person_removed" in walk.outcome()[1]
    with suppress(
        AssertionError, KeyError, TypeError, ValueError
    ):  # the page they want is not theirs any more
        go_on(walk)
    walk.work()
    is_closed(place, walk, ada)
    assert walk.case.status == CaseStatus.REFUSED and len(walk.usage()) == charged
    assert walk.credential() in ("none", "revoked")
    with tenant_scope(place.tenant.id):
        assert not AccessPass.objects.filter(person_id=ada.id, revoked_at=None).exists()


def test_whoever_typed_a_name_alone_is_not_told_that_it_was_somebodys(place: Place) -> None:
    ada, walk = place.person("ada"), place.browser().who("ada")
    before = walk.stage
    with tenant_scope(place.tenant.id):
        remove_person(ada.id, actor=SYSTEM)
    work(place.tenant)
    assert (walk.stage, walk.case.status) == (before, CaseStatus.OPENED)


def test_the_cards_of_whoever_is_erased_are_worth_nothing_and_nobodys(place: Place) -> None:
    """Also after the recovery, with what was offered outside one; a namesake's card and word stay."""
    ada, bob = place.person("ada"), place.person("bob", given_names="Bob")
    walk = place.browser().to_pass("ada").use_pass()
    walk.sign_in(walk.passkey())
    with tenant_scope(place.tenant.id):
        for person in (ada, bob):
            begin_issuance(claims={}, portrait=None, actor=SYSTEM, person_id=person.id)
            NoReminders.objects.create(person=person)
        remove_person(ada.id, actor=SYSTEM)
    work(place.tenant)
    with tenant_scope(place.tenant.id):
        card = Credential.objects.get()
        assert (card.state, card.state_reason) == (Credential.State.REVOKED, "person_removed")
        assert not CredentialBinding.objects.exists()
        offered = Issuance.objects.filter(person_id__isnull=False)
        assert dict(offered.values_list("person_id", "destroyed_at"))[bob.id] is None
        assert offered.get(person_id=ada.id).destroyed_at is not None
        assert NoReminders.objects.get().person_id == bob.id
    assert walk.get("/security/").status_code == 302


RULES: dict[str, tuple[Category, Rule]] = {
    "the document": (Category.NUMBERS, Rule(None, 30)),
    "the birth date": (Category.BIRTHDATE, Rule(30)),
    "the addresses": (Category.EMAILS, Rule(30)),
}


@pytest.mark.parametrize("kind", RULES)
def test_what_is_let_go_of_half_way_counts_no_more(place: Place, kind: str) -> None:
    """Retention takes what the decision would have stood on: refused, and not half of it is there."""
    category, rule = RULES[kind]
    ada, walk = place.person("ada"), place.browser()
    if category is Category.NUMBERS:
        place.set_profile(evidence_required=["document_photograph", "held_document_number"])
    with tenant_scope(place.tenant.id):
        hold_evidence(ada.id, (HeldEvidence.Kind.DOCUMENT_NUMBER, document_digest("P1234567", "UTO")))
        HeldEvidence.objects.filter(person_id=ada.id).update(
            held_since=clock.now() - timedelta(days=99), confirmed_at=clock.now() - timedelta(days=99)
        )
    walk.to_face("ada")
    with tenant_scope(place.tenant.id):
        if category is not Category.NUMBERS:
            suspend_person(ada.id, actor=SYSTEM, reason="left")
            DirectoryPerson.objects.filter(id=ada.id).update(suspended_at=clock.now() - timedelta(days=99))
        assert let_go_of_category(category, rule) == 1
    walk.face()
    walk.work()
    assert walk.outcome()[0] == CaseStatus.REFUSED
    with tenant_scope(place.tenant.id):
        assert not AccessPass.objects.filter(person_id=ada.id).exists()
        assert not CredentialBinding.objects.filter(person_id=ada.id).exists()


def test_erased_in_the_moment_of_the_decision_leaves_no_way_in(place: Place) -> None:
    """The worker that decides and whoever erases, at once: granted and taken back, or refused; never in between."""
    walks = []
    for number in range(3):
        born = ADA["birthdate"] + timedelta(days=number)
        name = f"Ada{'abc'[number]}"
        person = place.person(f"ada{number}", given_names=name, birthdate=born)
        place.provider.answers.claims.update(
            given_name=name, birthdate=born.isoformat(), document_number=f"X{number}"
        )
        walk = place.browser().to_face(f"ada{number}")
        walk.get("/recover/face")
        walk.clip()
        walks.append((person, walk))

    def turn(number: int) -> str:
        if number < len(walks):
            with tenant_scope(place.tenant.id):
                remove_person(walks[number][0].id, actor=SYSTEM)
        else:
            work(place.tenant)
        return "done"

    assert race(turn, times=6, threads=6) == {"done": 6}
    for person, walk in walks:
        walk.work()
        assert walk.case.status == CaseStatus.REFUSED, walk.outcome()
        walk.use_pass()
        is_closed(place, walk, person)
        with tenant_scope(place.tenant.id):
            assert not AccessPass.objects.filter(person_id=person.id, revoked_at=None).exists()
