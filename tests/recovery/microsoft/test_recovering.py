"""A recovery whose card Microsoft issues and asks for, from the offer to the passkey."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from portal.kit import clock
from portal.kit.scope import tenant_scope
from recovery.models import CredentialBinding
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tenants.verified_id.models import Credential
from tests.recovery.journey import Place
from tests.recovery.microsoft.conftest import AppJourney, at
from tests.recovery.test_enrolment import a_session
from vendors.billing.models import UsageEntry


def to_pass(phone: AppJourney) -> AppJourney:
    phone.begin("ada").prove()
    phone.take().present()
    at(phone, Stage.PASS)
    return phone


def test_from_the_proof_to_the_passkey(there: Place, ada: DirectoryPerson, phone: AppJourney) -> None:
    phone.begin("ada").prove()
    page = phone.get("/recover/credential").content.decode()
    assert "Get it in Microsoft Authenticator" in page and "another wallet" not in page
    phone.offer()
    page = phone.get("/recover/credential").content.decode()
    assert phone.pin() in page and "Open it in the simulator" in page and "<svg" in page
    assert "issuance_successful" in phone.entra.take_card(phone.request("issuance").service_id, phone.pin())
    phone.told(2)
    at(phone, Stage.PRESENT)
    ((record, status),) = phone.record()
    assert status == "valid" and phone.card().service_id == record
    phone.ask()
    page = phone.get("/recover/present").content.decode()
    assert phone.case.reference in page and "Open it in the simulator" in page
    phone.entra.show_card(phone.request("presentation").service_id, 86.4)
    phone.told(2)
    at(phone, Stage.PASS)
    phone.use_pass().passkey()
    assert phone.outcome()[0] == "recovered" and phone.bound_to() == ada.id
    assert phone.credential() == "valid" and phone.record() == [(record, "valid")]
    decided = phone.decided()
    assert (decided["outcome"], decided["assurance"]) == ("approved", "ial2")
    done = phone.done()
    assert done.index("presented") < done.index("face_checked") < done.index("matched")
    assert phone.request("presentation").confidence is not None
    assert not [one for one in phone.usage() if one[0] == "face_check" and not one[1]]


def test_microsofts_face_check_is_on_the_organisations_own_contract(there: Place, phone: AppJourney) -> None:
    to_pass(phone)
    with tenant_scope(there.tenant.id):
        (face,) = UsageEntry.objects.filter(case_id=phone.case.id, meter="face_check", kind="usage")
        assert (face.vendor, face.connection_kind, face.why) == (
            "entra_face_check",
            "own_contract",
            "own_contract",
        )
        assert face.billable and face.outcome == "passed"


def test_a_face_that_is_not_alike_may_be_tried_again_and_is_charged(there: Place, phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.take().present(score=40)
    at(phone, Stage.PRESENT)
    page = phone.get("/recover/present").content.decode()
    read = re.sub(r"<[^>]*>", " ", page.split("<main")[1].split("</main")[0])
    assert "could not confirm that it is you" in read and "40" not in read
    phone.present(score=90)
    at(phone, Stage.PASS)
    assert [(state, kind) for kind, state in phone.steps() if kind == "face_checked"] == [
        ("failed", "face_checked"),
        ("done", "face_checked"),
    ]
    with tenant_scope(there.tenant.id):
        entries = UsageEntry.objects.filter(case_id=phone.case.id, meter="face_check", kind="usage")
        assert sorted(entries.values_list("outcome", flat=True)) == ["failed", "passed"]


def test_five_faces_that_are_not_alike_end_the_case(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.take()
    for _time in range(5):
        phone.present(score=10)
    assert phone.outcome() == ("refused", ["face_check_failed"])
    assert phone.record()[0][1] == "issuerRevoked"


def test_the_profiles_threshold_is_what_microsoft_is_told(there: Place, phone: AppJourney) -> None:
    there.set_profile(face_threshold=90)
    phone.begin("ada").prove()
    phone.take().present(score=89.9)
    at(phone, Stage.PRESENT)
    phone.present(score=90)
    at(phone, Stage.PASS)


def test_a_refusal_in_the_app_costs_nothing_and_is_said(there: Place, phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.take().ask()
    phone.entra.act(phone.request("presentation").service_id, "refuse")
    phone.told(1)
    assert "You said no in the app" in phone.get("/recover/present").content.decode()
    with tenant_scope(there.tenant.id):
        assert not UsageEntry.objects.filter(case_id=phone.case.id, meter="face_check").exists()
    phone.present()
    at(phone, Stage.PASS)


def test_a_callback_that_is_lost_is_found_in_the_records(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.offer()
    phone.entra.take_card(phone.request("issuance").service_id, phone.pin(), lost="on")
    phone.told(1)
    at(phone, Stage.CREDENTIAL)
    with clock.frozen(clock.now() + timedelta(seconds=30)):
        phone.work()
    at(phone, Stage.PRESENT)


def test_a_showing_that_nobody_told_of_is_asked_for_again(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.take().ask()
    phone.entra.show_card(phone.request("presentation").service_id, lost="on")
    phone.told(1)
    at(phone, Stage.PRESENT)
    assert "I finished in the app, and nothing happens here" in phone.get("/recover/present").content.decode()
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        page = phone.get("/recover/present").content.decode()
        assert "its answer was lost on the way" in page and "Nobody answered" not in page
        phone.present()
        at(phone, Stage.PASS)


def test_any_other_end_revokes_the_card_at_microsoft(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.take()
    assert phone.record()[0][1] == "valid"
    phone.post("/recover/cancel")
    phone.work()
    assert phone.record()[0][1] == "issuerRevoked" and phone.card().gone_at is not None
    assert phone.credential() == "revoked"


def test_a_card_taken_in_the_moment_a_case_ends_is_revoked_too(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.offer()
    request, pin = phone.request("issuance"), phone.pin()
    phone.post("/recover/cancel")
    phone.work()
    phone.entra.take_card(request.service_id, pin, lost="on")
    assert phone.record()[0][1] == "valid"
    with clock.frozen(clock.now() + timedelta(seconds=90)):
        phone.work()
    assert phone.record()[0][1] == "issuerRevoked"
    with tenant_scope(phone.place.tenant.id):
        assert not Credential.objects.filter(reference=phone.case.id).exists()


def test_an_evaluation_is_checked_and_charged_and_opens_nothing(there: Place, phone: AppJourney) -> None:
    there.set_profile(mode="evaluation")
    phone.begin("ada").prove()
    phone.take().present()
    assert phone.outcome()[0] == "evaluated" and phone.record()[0][1] == "issuerRevoked"
    with tenant_scope(there.tenant.id):
        face = UsageEntry.objects.get(case_id=phone.case.id, meter="face_check", kind="usage")
        assert (face.mode, face.connection_kind) == ("evaluation", "own_contract")


def test_a_held_card_begins_the_next_recovery(
    there: Place, ada: DirectoryPerson, phone: AppJourney, another
) -> None:
    to_pass(phone).use_pass().passkey()
    with clock.frozen(clock.now() + timedelta(days=4)):
        later = another()
        later.begin("ada").post("/recover/consent", {"agree": "on"})
        later.post("/recover/prove", {"use": "held"})
        at(later, Stage.PRESENT)
        later.present()
        at(later, Stage.PASS)
        assert later.case.credential_id == phone.case.credential_id
    with tenant_scope(there.tenant.id):
        assert CredentialBinding.objects.filter(person_id=ada.id).count() == 1


def test_a_held_card_that_was_revoked_at_microsoft_leads_back_to_a_proof(phone: AppJourney, another) -> None:
    to_pass(phone).use_pass().passkey()
    with clock.frozen(clock.now() + timedelta(days=4)):
        later = another()
        later.begin("ada").post("/recover/consent", {"agree": "on"})
        later.post("/recover/prove", {"use": "held"})
        later.ask()
        later.entra.show_card(later.request("presentation").service_id)
        # Between the showing and the record somebody at Microsoft took it away.
        assert later.entra.revoke(phone.record()[0][0]) == 204
        later.told(2)
        at(later, Stage.PROVE)
        assert phone.credential() == "revoked"


def test_a_card_ahead_of_a_loss_is_tied_to_whoever_is_signed_in(
    there: Place, ada: DirectoryPerson, phone: AppJourney, settings: Any
) -> None:
    signed_in = a_session(there, ada, settings)
    phone.client.cookies[settings.PERSON_COOKIE_NAME] = signed_in.client.cookies[settings.PERSON_COOKIE_NAME]
    assert phone.post("/security/verified-id/get").url == "/recover/consent"
    assert "What goes to Microsoft" in phone.get("/recover/consent").content.decode()
    phone.prove()
    phone.take().present()
    assert (phone.case.status, phone.stage) == ("enrolled", Stage.ENROLLED)
    assert phone.bound_to() == ada.id and phone.record()[0][1] == "valid"
    # Taken away by its holder, it goes at Microsoft as well.
    card = signed_in.get("/security/verified-id/").content.decode()
    (path,) = set(re.findall(r"/security/verified-id/credential_\w+/remove", card))
    signed_in.post(path)
    phone.work()
    assert phone.record()[0][1] == "issuerRevoked"
