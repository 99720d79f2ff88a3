"""Who lies to a recovery that Microsoft's service takes part in, and what it comes to: nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from tenants.directory.models import DirectoryPerson
from tenants.models import Tenant
from tenants.verified_id.entra.models import EntraCallback, EntraCard, EntraConnection, EntraRequest
from tests.recovery.journey import Place
from tests.recovery.microsoft.conftest import AppJourney, at
from tests.recovery.racing import race
from tests.verified_id.entra.conftest import deliver
from vendors.billing.models import UsageEntry

Another = Callable[[], AppJourney]


@pytest.fixture
def shown(phone: AppJourney) -> AppJourney:
    """A card was shown, and nobody has heard of it yet."""
    phone.begin("ada").prove()
    phone.take().ask()
    phone.entra.show_card(phone.request("presentation").service_id)
    return phone


def but(journey: AppJourney, **changes: Any) -> bytes:
    """The last callback, with members of the card set to something else."""
    journey.relay.wait(journey.relay.delivered + 2)
    return journey.changed(**changes)["body"]


LIES = {
    "another authority": {"issuer": "did:web:somebody.else.example"},
    "another kind of card": {"type": ["VerifiableCredential", "VerifiedEmployee"]},
    "revoked": {"credentialState": {"revocationStatus": "INVALID"}},
    "no status": {"credentialState": {}},
    "no linked domain": {"domainValidation": None},
    "expired": {"expirationDate": "2020-01-01T00:00:00Z"},
    "no face": {"faceCheck": None},
    "a face below": {"faceCheck": {"matchConfidenceScore": 69.99}},
    "a face beyond": {"faceCheck": {"matchConfidenceScore": 1e9}},
    "a face as text": {"faceCheck": {"matchConfidenceScore": "99"}},
    # The receipt, which the liar left alone, says 92.5.
    "a better face": {"faceCheck": {"matchConfidenceScore": 99}},
}


def test_whatever_a_callback_lies_about_the_case_does_not_go_on(shown: AppJourney) -> None:
    """Each is a request of its own, because what ended stays ended."""
    for number, (name, lie) in enumerate(LIES.items()):
        if number:
            shown.ask()
            shown.entra.show_card(shown.request("presentation").service_id)
        if number in (5, 10):
            # As many faces as a case may show, or requests as it may make, are not the point here.
            with tenant_scope(shown.place.tenant.id):
                EntraRequest.objects.filter(reference=shown.case.id, state="failed").delete()
        body = but(shown, **lie)
        assert shown.told(2, body=body) == [200, 200]
        assert shown.stage is Stage.PRESENT, (name, shown.steps())
    assert "face_checked" not in shown.done() and "presented" not in shown.done()


def test_the_card_of_another_case_ends_this_one(
    there: Place, phone: AppJourney, another: Another, ada: DirectoryPerson
) -> None:
    other = another()
    other.begin("ada").prove()
    other.take()
    phone.begin("ada").prove()
    phone.take().ask()
    phone.entra.show_card(phone.request("presentation").service_id)
    claims = {"firstName": "Ada", "lastName": "Lovelace", "cardId": other.card().mark}
    phone.told(2, body=but(phone, claims=claims))
    assert phone.outcome() == ("refused", ["credential_of_another_case"])
    assert phone.record()[0][1] == "issuerRevoked" and other.record()[0][1] == "valid"


def test_a_card_without_our_mark_is_nobodys(shown: AppJourney) -> None:
    shown.told(2, body=but(shown, claims={"firstName": "Ada", "lastName": "Lovelace"}))
    assert shown.outcome() == ("refused", ["credential_of_another_case"])


def test_a_receipt_of_another_card_is_refused(shown: AppJourney) -> None:
    shown.relay.wait(shown.relay.delivered + 2)
    whole = json.loads(shown.relay.sent[-1].body)
    result = {"sourceVcJti": "urn:pic:another", "matchConfidenceThreshold": 70, "matchConfidenceScore": 92.5}
    claims = base64.urlsafe_b64encode(json.dumps({"vc": {"faceCheckResults": [result]}}).encode()).decode()
    whole["receipt"]["faceCheck"] = f"x.{claims}.x"
    shown.told(2, body=json.dumps(whole).encode())
    at(shown, Stage.PRESENT)
    assert shown.request("presentation").problem == "receipt_of_another_card"


def test_valid_in_the_callback_and_revoked_in_the_record_is_revoked(shown: AppJourney) -> None:
    assert shown.entra.revoke(shown.record()[0][0]) == 204
    assert shown.told(2) == [200, 200]
    at(shown, Stage.PRESENT)
    assert shown.credential() == "revoked" and "presented" not in shown.done()
    # The face was compared, so Microsoft charges it.
    with tenant_scope(shown.place.tenant.id):
        assert UsageEntry.objects.filter(case_id=shown.case.id, meter="face_check", kind="usage").count() == 1
    shown.post("/recover/credential/again")
    at(shown, Stage.CREDENTIAL)
    shown.take().present()
    at(shown, Stage.PASS)


def test_without_the_records_nothing_counts(shown: AppJourney) -> None:
    with tenant_scope(shown.place.tenant.id):
        EntraCard.objects.update(authority_id="00000000-0000-0000-0000-000000000000")
    assert shown.told(2) == [200, 200]
    at(shown, Stage.PRESENT)
    assert "presented" not in shown.done() and shown.credential() == "valid"


def test_success_that_was_never_issued_is_no_card(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.offer()
    phone.entra.act(phone.request("issuance").service_id, "open")
    phone.relay.wait(phone.relay.delivered + 1)
    whole = json.loads(phone.relay.sent[-1].body) | {"requestStatus": "issuance_successful"}
    assert phone.told(1, body=json.dumps(whole).encode()) == [200]
    at(phone, Stage.CREDENTIAL)
    assert phone.record() == [] and phone.credential() == "none"


def test_a_result_without_its_key_or_at_another_organisation_is_not_heard(
    shown: AppJourney, other_tenant: Tenant
) -> None:
    shown.relay.wait(shown.relay.delivered + 2)
    sent = shown.relay.sent[-1]
    assert deliver(shown.place.tenant, sent, key="forged").status_code == 401
    assert deliver(other_tenant, sent).status_code == 401
    shown.work()
    at(shown, Stage.PRESENT)
    with tenant_scope(shown.place.tenant.id):
        assert not EntraCallback.objects.filter(status="presentation_verified").exists()


def test_a_hundred_of_the_same_are_one(shown: AppJourney) -> None:
    shown.relay.wait(shown.relay.delivered + 2)
    sent = shown.relay.sent[-1]
    answers = race(lambda _: deliver(shown.place.tenant, sent).status_code, times=25, threads=8)
    assert answers == {"200": 25}
    shown.work()
    at(shown, Stage.PASS)
    with tenant_scope(shown.place.tenant.id):
        assert UsageEntry.objects.filter(case_id=shown.case.id, meter="face_check", kind="usage").count() == 1
    assert shown.done().count("presented") == shown.done().count("face_checked") == 1


def test_what_was_shown_for_a_browser_that_lost_its_case_opens_nothing(
    shown: AppJourney, another: Another, there: Place
) -> None:
    code = shown.continuation()
    into = there.carry(code)
    shown.told(2)
    assert into.case.status == "proving" and "face_checked" not in into.done()
    # Whoever goes on there shows their face there first: the app is seen by no browser.
    assert into.stage is Stage.FACE


def test_links_codes_and_pins_are_on_no_other_page(phone: AppJourney, another: Another) -> None:
    phone.begin("ada").prove()
    phone.offer()
    stranger = another()
    for path in ("/recover/credential", "/recover/app/state", "/recover/present"):
        answer = stranger.get(path)
        assert phone.pin() not in answer.content.decode() and answer.status_code in (303, 200)
    assert stranger.post("/recover/present/ask").status_code == 303
    assert stranger.post("/recover/credential/offer").status_code == 303
    assert phone.get("/recover/credential").headers["Cache-Control"].startswith("no-store")


def test_our_own_camera_cannot_stand_in_for_microsofts(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.take().ask()
    assert (
        phone.post("/recover/face/clip", b"clip", content_type="application/octet-stream").status_code == 303
    )
    at(phone, Stage.PRESENT)


def test_double_clicks_ask_once(phone: AppJourney) -> None:
    phone.begin("ada").prove()
    phone.offer().offer()
    phone.take()
    phone.ask().ask()
    with tenant_scope(phone.place.tenant.id):
        kinds = EntraRequest.objects.filter(reference=phone.case.id).values_list("kind", flat=True)
        assert sorted(kinds) == ["issuance", "presentation"]


def test_without_the_connection_a_case_stops_with_a_sentence(there: Place, phone: AppJourney) -> None:
    phone.begin("ada").prove()
    with tenant_scope(there.tenant.id):
        EntraConnection.objects.all().delete()
    page = phone.post("/recover/credential/offer").content.decode()
    assert "does not use this service any more" in page
    at(phone, Stage.CREDENTIAL)


def test_the_card_may_be_used_where_it_was_issued_alone(there: Place, phone: AppJourney) -> None:
    """Another authority's card is another card, whatever it says."""
    phone.begin("ada").prove()
    phone.take()
    with tenant_scope(there.tenant.id):
        EntraConnection.objects.update(authority="did:web:new.contoso.example")
    page = phone.post("/recover/present/ask").content.decode()
    assert "cannot be used any more" in page
