"""A case that begins with a Verified ID held from before: what counts, who is refused, and what a thief would try."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery import held
from recovery.models import Case, CaseStep, CredentialBinding
from recovery.stages import Stage
from recovery.statuses import EvidenceKind
from tenants.directory.models import DirectoryPerson
from tenants.verified_id.credentials import revoke_credential, status_of, suspend_credential
from tests.holder import Wallet
from tests.recovery.journey import Journey, Place, make_place

LATER = timedelta(days=4)


@pytest.fixture
def first(place: Place, ada: DirectoryPerson) -> Journey:
    """Ada recovered once; her wallet holds what she was given."""
    return place.browser().to_end("ada")


@pytest.fixture
def later(place: Place, first: Journey) -> None:
    """Four days have passed since."""
    with tenant_scope(place.tenant.id):
        for rows in (CredentialBinding.objects, CaseStep.objects):
            rows.update(created_at=clock.now() - LATER)


def again(place: Place, wallet: Wallet | None, name: str = "ada") -> Journey:
    """Another recovery, in a new browser, after the consent."""
    browser = place.browser()
    if wallet is not None:
        browser.wallet = wallet
    browser.begin(name).post("/recover/consent", {"agree": "on"})
    return browser


def holding(place: Place, wallet: Wallet | None) -> Journey:
    """The same, and it begins with what is held."""
    browser = again(place, wallet)
    answer = browser.post("/recover/prove", {"use": "held"})
    assert (answer.status_code, answer.url, browser.stage) == (303, "/recover/present", Stage.PRESENT)
    return browser


def is_offered(browser: Journey) -> bool:
    """Whoever holds nothing that counts is at the partner at once."""
    if browser.stage is Stage.PARTNER:
        return False
    return b"Verified ID from before" in browser.get("/recover/prove").content


def test_a_held_card_a_known_address_and_a_live_face_are_enough(place, first, later):
    browser = holding(place, first.wallet).show()
    assert browser.stage is Stage.FACE
    browser.face()
    assert browser.stage is Stage.PASS, browser.decided()
    assert "proofed" not in browser.done() and browser.decided()["assurance"] == "ial2"
    assert [meter for meter, *_rest in browser.usage()] == ["face_check"]
    browser.use_pass().passkey()
    with tenant_scope(place.tenant.id):
        binding = CredentialBinding.objects.get()
        assert (binding.case_id, status_of(binding.credential_id)) == (first.case.id, "valid")


def test_a_held_card_alone_is_one_kind_of_evidence(place, first, later):
    """A stolen wallet and a look-alike, with an address that was changed a moment ago."""
    browser = holding(place, first.wallet)
    with tenant_scope(place.tenant.id):
        step = browser.case.steps.get(kind="confirmed")
        step.evidence = {**step.evidence, "held_hours": 1}
        step.save()
    browser.show().face()
    assert browser.outcome()[0] == "refused" and "missing_held_address" in browser.decided()["reasons"]


def test_nobody_is_led_to_a_face_check_who_would_be_refused_after_it(place, first, later):
    browser = again(place, first.wallet)
    assert is_offered(browser)
    with tenant_scope(place.tenant.id):
        browser.case.steps.filter(kind="confirmed").update(evidence={"held_hours": 1})
    assert not is_offered(browser)
    browser.post("/recover/prove", {"use": "held"})
    assert (browser.stage, browser.case.shows_held) == (Stage.PROVE, False)


def test_a_day_whose_paid_checks_are_used_up_has_no_face_check_either(place, first, later):
    browser = again(place, first.wallet)
    place.set_profile(daily_checks=1)
    browser.post("/recover/prove", {"use": "held"})
    assert (browser.stage, browser.case.shows_held) == (Stage.PROVE, False)


def test_what_the_card_was_proven_with_is_no_second_kind(place, first, later):
    place.set_profile(evidence_required=[EvidenceKind.DOCUMENT_PHOTOGRAPH.value])
    browser = holding(place, first.wallet)
    with tenant_scope(place.tenant.id):
        browser.case.steps.filter(kind="confirmed").update(evidence={"held_hours": 1})
    browser.show().face()
    assert browser.decided()["reasons"] == ["one_kind_of_evidence_only"]


def test_another_face_is_refused_and_the_card_stays_its_holders(place, first, later):
    browser = holding(place, first.wallet).show()
    place.vision.confidence = 3
    for _try in range(5):
        if browser.stage is Stage.FACE:
            browser.face()
    assert browser.outcome() == ("refused", ["face_check_failed"])
    with tenant_scope(place.tenant.id):
        assert status_of(CredentialBinding.objects.get().credential_id) == "valid"


@pytest.mark.parametrize("state", ["revoked", "suspended"])
def test_a_card_that_was_taken_back_is_not_offered_and_not_accepted(place, first, later, state):
    browser = holding(place, first.wallet)
    link = browser.get("/recover/present").context["deep_link"]
    with tenant_scope(place.tenant.id):
        take = revoke_credential if state == "revoked" else suspend_credential
        take(first.case.credential_id, reason="test", actor=SYSTEM)
    assert browser.wallet.respond(browser.wallet.request(link)).status_code == 400
    assert browser.stage is Stage.PRESENT
    assert not is_offered(again(place, first.wallet))


def test_a_card_that_is_revoked_after_the_face_is_refused_at_the_end(place, first, later):
    browser = holding(place, first.wallet).show()
    browser.get("/recover/face")
    browser.clip()
    with tenant_scope(place.tenant.id):
        revoke_credential(first.case.credential_id, reason="test", actor=SYSTEM)
    browser.work()
    assert browser.outcome()[0] == "refused"
    assert "credential_not_valid" in browser.decided()["reasons"]


def test_a_card_held_for_less_than_three_days_counts_for_nothing(place, first):
    browser = again(place, first.wallet)
    assert not is_offered(browser)
    assert browser.post("/recover/prove", {"use": "held"}).url == "/recover/partner"
    assert not browser.case.shows_held


@pytest.mark.parametrize("days", [0, 3], ids=["turned-off", "too-old"])
def test_a_proof_that_is_older_than_the_profile_lets_it_be_counts_for_nothing(place, first, later, days):
    place.set_profile(held_days=days)
    assert not is_offered(again(place, first.wallet))


def test_a_card_that_became_too_old_on_the_way_leads_back_to_a_proof(place, first, later):
    browser = holding(place, first.wallet)
    place.set_profile(held_days=3)
    browser.show()
    assert browser.stage is Stage.PROVE
    assert b"does not count any more" in browser.get("/recover/prove").content
    browser.post("/recover/prove")
    assert browser.work().come_back(browser.at_partner()).keep().show().stage is Stage.FACE


@pytest.mark.parametrize(
    "change",
    [{"mode": "evaluation"}, {"status": "repudiated"}, {"reasons": ["partner_contradicted_itself"]}],
    ids=["evaluation", "repudiated", "contradicted"],
)
def test_a_card_whose_recovery_is_doubted_or_was_a_rehearsal_counts_for_nothing(place, first, later, change):
    with tenant_scope(place.tenant.id):
        Case.objects.filter(id=first.case.id).update(**change)
    assert not is_offered(again(place, first.wallet))


def test_a_card_that_was_made_with_less_than_the_profile_asks_for_is_not_enough(place, first, later):
    place.set_profile(
        evidence_required=[kind.value for kind in (EvidenceKind.HELD_ADDRESS, EvidenceKind.CHIP)]
    )
    assert not is_offered(again(place, first.wallet))


def test_a_card_of_a_lower_level_than_the_account_is_refused(place, first, later):
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.update(assurance_level="ial2")
        Case.objects.filter(id=first.case.id).update(assurance="ial1")
    assert not is_offered(again(place, first.wallet))


def test_somebody_elses_card_ends_the_case(place, first, later):
    place.person("bob", given_names="Bob", family_name="Byron")
    with tenant_scope(place.tenant.id):
        bob = DirectoryPerson.objects.get(user_name="bob")
    browser = holding(place, first.wallet)
    with tenant_scope(place.tenant.id):
        CredentialBinding.objects.update(person=bob)
    browser.show()
    assert browser.outcome() == ("refused", ["credential_of_another_case"])


def test_a_card_of_another_tenant_is_not_accepted(provider, vision, place, first, later):
    there = make_place(provider, vision)
    there.person("ada")
    stranger = there.browser().begin("ada").prove().keep()
    browser = holding(place, first.wallet)
    link = browser.get("/recover/present").context["deep_link"]
    answer = browser.wallet.respond(browser.wallet.request(link), stranger.wallet.credentials[0])
    assert answer.status_code == 400 and browser.stage is Stage.PRESENT


def test_a_copied_card_without_its_key_is_not_accepted(place, first, later):
    browser = holding(place, Wallet(place.tenant))
    link = browser.get("/recover/present").context["deep_link"]
    answer = browser.wallet.respond(browser.wallet.request(link), first.wallet.credentials[0])
    assert answer.status_code == 400 and browser.stage is Stage.PRESENT


def test_whoever_lacks_the_card_proves_instead_and_a_shown_one_is_not_put_back(place, first, later):
    browser = holding(place, first.wallet)
    assert browser.post("/recover/present/prove-instead").url == "/recover/prove"
    assert browser.stage is Stage.PROVE
    browser.post("/recover/prove", {"use": "held"})
    browser.show()
    with tenant_scope(place.tenant.id), pytest.raises(Exception, match="step_out_of_order"):
        held.drop_held_card(browser.case)


def test_this_was_not_me_takes_the_shown_card_with_it(place, first, later):
    browser = holding(place, first.wallet).show()
    browser.face()
    browser.client.post(browser.links_mailed()[-1])
    assert browser.outcome()[0] == "repudiated"
    with tenant_scope(place.tenant.id):
        assert status_of(first.case.credential_id) == "revoked"
        assert not CredentialBinding.objects.exists()


def test_this_was_not_me_before_the_card_was_shown_leaves_it_alone(place, first, later):
    """Whoever only reads a mailbox cannot take somebody's card away."""
    browser = holding(place, first.wallet)
    browser.client.post(browser.links_mailed()[-1])
    with tenant_scope(place.tenant.id):
        assert status_of(first.case.credential_id) == "valid"


def test_a_suspended_person_gets_nowhere(place, first, later):
    browser = holding(place, first.wallet).show()
    with tenant_scope(place.tenant.id):
        DirectoryPerson.objects.update(status=DirectoryPerson.Status.SUSPENDED)
    browser.face()
    assert "person_may_not_recover" in browser.decided()["reasons"]
