"""Your Verified ID, for somebody who is signed in: what they see of it, and taking it away."""

from __future__ import annotations

import pytest
from django.core import mail

from portal.kit.scope import tenant_scope
from recovery.models import CredentialBinding
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tenants.verified_id.credentials import status_of
from tenants.verified_id.models import Credential
from tests.conftest import client_of
from tests.recovery.journey import Journey, Place

PAGE = "/security/verified-id/"


@pytest.fixture
def ada_at_home(place: Place, ada: DirectoryPerson) -> Journey:
    """Recovered, and signed in with the passkey of it."""
    browser = place.browser().to_pass("ada").use_pass()
    browser.sign_in(browser.passkey())
    return browser


def card_of(browser: Journey) -> str:
    with tenant_scope(browser.place.tenant.id):
        return Credential.objects.get().public_id


def test_a_person_sees_what_they_hold_and_no_claim_of_it(ada_at_home):
    page = ada_at_home.get(PAGE).content.decode()
    assert "Valid" in page and "Date of birth" in page
    assert "Lovelace" not in page and "1985" not in page


def test_a_removed_card_is_revoked_forgotten_and_told_to_every_address(ada_at_home):
    where = f"{PAGE}{card_of(ada_at_home)}/remove"
    assert "worth nothing any more" in ada_at_home.get(where).content.decode()
    mail.outbox.clear()
    assert ada_at_home.post(where).url == PAGE
    ada_at_home.work()
    assert "You have none" in ada_at_home.get(PAGE).content.decode()
    with tenant_scope(ada_at_home.place.tenant.id):
        assert status_of(Credential.objects.get().id) == "revoked"
        assert not CredentialBinding.objects.exists()
    assert {entry.to[0] for entry in mail.outbox} == {"ada@people.example", "ada@home.example"}
    assert ada_at_home.post(where).status_code == 404


def test_somebody_elses_card_is_not_there(place, ada_at_home):
    wanted = card_of(ada_at_home)
    place.person("bob", given_names="Bob", family_name="Byron")
    with tenant_scope(place.tenant.id):
        bob = DirectoryPerson.objects.get(user_name="bob")
        CredentialBinding.objects.update(person=bob)
    assert "You have none" in ada_at_home.get(PAGE).content.decode()
    for where in (f"{PAGE}{wanted}/remove", f"{PAGE}nothing/remove"):
        assert ada_at_home.get(where).status_code == ada_at_home.post(where).status_code == 404
    with tenant_scope(place.tenant.id):
        assert status_of(Credential.objects.get().id) == "valid"


def test_without_a_session_one_signs_in_first_and_nothing_is_removed(place, ada_at_home):
    passer_by, wanted = client_of(place.tenant), card_of(ada_at_home)
    for where in (PAGE, f"{PAGE}{wanted}/remove"):
        assert passer_by.get(where).url == passer_by.post(where).url == "/sign-in"
    with tenant_scope(place.tenant.id):
        assert status_of(Credential.objects.get().id) == "valid"


def test_a_removed_card_shortens_no_recovery(place, ada_at_home):
    ada_at_home.post(f"{PAGE}{card_of(ada_at_home)}/remove")
    browser = place.browser()
    browser.begin("ada").post("/recover/consent", {"agree": "on"})
    assert browser.stage is Stage.PARTNER
