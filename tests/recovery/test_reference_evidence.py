"""What a partner is told of a person beforehand: what the profile says for it, what the person read, and nothing else."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import CaseStep, Profile
from recovery.profiles import change_profile
from tenants.directory.models import DirectoryPerson
from tenants.rights import Role
from tests.facecheck.conftest import PaperVision
from tests.recovery.journey import Journey, Place
from tests.recovery.test_partner_with_a_record import _place, at_partner
from tests.vendors.simulated import Simulator, Simulators
from vendors.models import ProofingAttempt


@pytest.fixture
def persona(simulators: Simulators) -> Simulator:
    return simulators["persona"]


def tell(place: Place, *words: str) -> None:
    with tenant_scope(place.tenant.id):
        found = {str(place.connection.id): list(words)}
        change_profile(place.profile.id, actor=SYSTEM, reference_evidence=found)


def attempt(place: Place) -> ProofingAttempt:
    with tenant_scope(place.tenant.id):
        return ProofingAttempt.objects.latest("created_at")


def received(simulator: Simulator, place: Place) -> dict[str, str]:
    """The fields of the inquiry as the partner keeps it."""
    answer = simulator.ask(
        "GET",
        f"/api/v1/inquiries/{attempt(place).partner_ref}",
        Authorization=f"Bearer {simulator.secrets['api_key']}",
        Persona_Version="2026-09-29",
        Key_Inflection="kebab",
    )
    fields = json.loads(answer[2])["data"]["attributes"]["fields"]
    return {name: field["value"] for name, field in fields.items()}


def consent_page(browser: Journey) -> str:
    return str(browser.get("/recover/consent").content.decode())


def agree(browser: Journey, **changes: str) -> Any:
    """What a browser sends that read the page."""
    hidden = dict(re.findall(r'name="(partner|told)"[^>]*?value="([^"]*)"', consent_page(browser)))
    return browser.post("/recover/consent", {"agree": "on", **hidden, **changes})


def test_a_partner_is_told_what_the_profile_says_and_the_person_read(
    persona: Simulator, vision: PaperVision, caplog
):
    caplog.set_level(logging.DEBUG)
    place = _place(persona, vision)
    tell(place, "names", "birthdate")
    place.person()
    browser = place.browser().begin("ada")
    assert "the names and the date of birth that" in consent_page(browser)
    agree(browser)
    sealed = attempt(place).expected_sealed
    assert sealed is not None and b"Lovelace" not in bytes(sealed)
    browser.work()
    assert received(persona, place) == {
        "name-first": "Ada",
        "name-last": "Lovelace",
        "birthdate": "1985-12-10",
    }
    browser.come_back(at_partner(browser, persona))
    assert attempt(place).expected_sealed is None
    assert "Lovelace" not in caplog.text and "1985-12-10" not in caplog.text
    with tenant_scope(place.tenant.id):
        evidence = CaseStep.objects.filter(kind="consented").values_list("evidence", flat=True)
        assert "Lovelace" not in str(list(evidence)) and "told_beforehand" in str(list(evidence))


@pytest.mark.parametrize(("words", "found"), [((), {}), (("birthdate",), {"birthdate": "1985-12-10"})])
def test_nothing_is_sent_that_was_not_said(persona: Simulator, vision: PaperVision, words, found):
    place = _place(persona, vision)
    tell(place, *words)
    place.person()
    browser = place.browser().begin("ada")
    assert ("beforehand" in consent_page(browser)) == bool(words)
    agree(browser)
    browser.work()
    assert received(persona, place) == found


def test_who_read_another_page_reads_it_again_before_anything_is_sent(
    persona: Simulator, vision: PaperVision
):
    place = _place(persona, vision)
    place.person()
    browser = place.browser().begin("ada")
    consent_page(browser)
    tell(place, "names")
    answer = browser.post("/recover/consent", {"agree": "on", "told": ""})
    assert answer.status_code == 200 and "This page has changed" in answer.content.decode()
    with tenant_scope(place.tenant.id):
        assert not ProofingAttempt.objects.exists()
    agree(browser)
    browser.work()
    assert received(persona, place)["name-last"] == "Lovelace"


def test_the_page_says_the_same_of_everybody_and_what_nobody_knows_is_left_out(
    persona: Simulator, vision: PaperVision
):
    place = _place(persona, vision)
    tell(place, "names", "birthdate")
    place.person()
    place.person("bea", birthdate=None)
    pages = []
    for who in ("ada", "bea"):
        browser = place.browser().begin(who)
        pages.append(re.search(r"told beforehand:</b>.*?</li>", consent_page(browser), re.S))
        agree(browser)
        browser.work()
    assert pages[0] and pages[1] and pages[0][0] == pages[1][0]
    assert received(persona, place) == {"name-first": "Ada", "name-last": "Lovelace"}


def test_a_partner_without_a_field_for_it_is_neither_offered_nor_told(
    simulators: Simulators, vision: PaperVision, staff_client: Any
):
    stripe, persona = simulators["stripe_identity"], simulators["persona"]
    place = _place(stripe, vision)
    tell(place, "names", "birthdate")
    place.person()
    browser = place.browser().begin("ada")
    assert "beforehand" not in consent_page(browser)
    agree(browser)
    assert attempt(place).expected_sealed is None

    def form(place: Place) -> tuple[Any, str, str]:
        client = staff_client(Role.ADMINISTRATOR, place.tenant)
        path = f"/o/{place.tenant.slug}/recovery/profiles/{place.profile.public_id}/partners"
        return client, path, client.get(path).content.decode()

    assert 'name="told_1"' not in form(place)[2]
    other = _place(persona, vision)
    client, path, page = form(other)
    assert 'name="told_1"' in page
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
    assert seen is not None
    typed = {"countries_1": "", "seen": seen[1]}
    assert client.post(path, {**typed, "told_1": "portrait"}).status_code == 200
    assert client.post(path, {**typed, "told_1": "birthdate"}).status_code == 302
    with tenant_scope(other.tenant.id):
        said = Profile.objects.get(id=other.profile.id).reference_evidence
        assert said == {str(other.connection.id): ["birthdate"]}
        assert DirectoryPerson.objects.count() == 0
    main = f"/o/{other.tenant.slug}/recovery/profiles/{other.profile.public_id}/"
    assert "Persona is told beforehand: date of birth." in client.get(main).content.decode()
    listed = client.get(f"/o/{other.tenant.slug}/partners/persona/").content.decode()
    assert "only after the person agreed: names, date of birth." in listed
