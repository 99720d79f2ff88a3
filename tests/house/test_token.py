"""A code exchanged for a token, once, and what the token tells: RFC 6749, 7636 and OpenID Connect."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.house.conftest import House
from tests.house.person import Person, proven
from tests.house.relying_party import RETURN, Journey, RelyingParty


def test_a_replayed_code_is_refused_and_takes_the_portrait_with_it(
    party: RelyingParty, person: Person
) -> None:
    journey, code = proven(party, person)
    first = party.exchange(journey, code)
    told = party.verify(journey, first.json()["id_token"])["verified_claims"]
    second = party.exchange(journey, code)
    assert (second.status, second.json()["error"]) == (400, "invalid_grant")
    attachment = told["verification"]["evidence"][0]["attachments"][0]
    assert party.fetch(attachment).status == 401


def test_a_code_exchanged_many_times_at_once_is_good_once(party: RelyingParty, person: Person) -> None:
    journey, code = proven(party, person)
    with ThreadPoolExecutor(6) as pool:
        statuses = [answer.status for answer in pool.map(lambda _: party.exchange(journey, code), range(6))]
    assert sorted(statuses) == [200, 400, 400, 400, 400, 400]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": "short"},
        {"redirect_uri": RETURN + "?x=1"},
        {"code": "unknown"},
    ],
)
def test_an_exchange_that_does_not_fit_uses_the_code_up(
    party: RelyingParty, person: Person, changes: dict[str, str]
) -> None:
    journey, code = proven(party, person)
    answer = party.exchange(journey, code, **changes)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")
    again = party.exchange(journey, code)
    assert again.status == (200 if "code" in changes else 400)


@pytest.mark.parametrize("missing", ["code", "code_verifier", "redirect_uri"])
def test_an_exchange_that_lacks_something_is_refused(
    party: RelyingParty, person: Person, missing: str
) -> None:
    journey, code = proven(party, person)
    assert party.exchange(journey, code, **{missing: None}).json()["error"] == "invalid_request"


def test_another_grant_type_is_refused(party: RelyingParty) -> None:
    answer = party.exchange(Journey(), "x", grant_type="client_credentials")
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_code_of_another_client_is_refused(house: House, party: RelyingParty, person: Person) -> None:
    journey, code = proven(party, person)
    thief = RelyingParty.register(house.origin, house.token)
    assert thief.exchange(journey, code).json()["error"] == "invalid_grant"


def test_an_expired_code_is_refused(house: House, party: RelyingParty, person: Person) -> None:
    journey, code = proven(party, person)
    house.rows("UPDATE house_authorizationcode SET expires_at = now() - interval '1 second'")
    assert party.exchange(journey, code).json()["error"] == "invalid_grant"


def test_a_reloaded_continue_page_voids_the_code_before(party: RelyingParty, person: Person) -> None:
    journey, first = proven(party, person)
    person.open(f"{person.check}/continue")
    second = party.read_return(journey, person.link())
    assert party.exchange(journey, first).status == 400
    assert party.exchange(journey, second).status == 200


def test_only_what_was_asked_for_is_told(party: RelyingParty, person: Person, house: House) -> None:
    little = {"verification": {"trust_framework": None}, "claims": {"family_name": None}}
    journey, code = proven(party, person, claims=json.dumps({"id_token": {"verified_claims": [little]}}))
    told = party.verify(journey, party.exchange(journey, code).json()["id_token"])["verified_claims"]
    assert told["claims"] == {"family_name": "ERIKSSON"}
    assert "evidence" not in told["verification"]
    kept = "SELECT sealed FROM house_portrait p JOIN house_check c ON c.id = p.check_row_id WHERE c.parameters->>'state' = %s"
    assert house.rows(kept, journey.state) == [(None,)]


def test_a_failed_check_says_no_attribute(party: RelyingParty, person: Person) -> None:
    journey, url = party.begin()
    person.walk_to_face(url)
    for _ in range(3):
        person.show_face(confidence=69)
    assert "We could not confirm it is you" in person.page
    code = party.read_return(journey, person.go_on())
    told = party.verify(journey, party.exchange(journey, code).json()["id_token"])["verified_claims"]
    assert told["verification"]["assurance_level"] == "FAILED"
    assert told["verification"]["reasons"] == ["not_confirmed"]
    assert told["claims"] == {} and "evidence" not in told["verification"]


def test_two_checks_of_one_person_have_nothing_in_common(party: RelyingParty, house: House) -> None:
    subjects = set()
    for _ in range(2):
        journey, code = proven(party, Person(house.origin))
        subjects.add(party.verify(journey, party.exchange(journey, code).json()["id_token"])["sub"])
    assert len(subjects) == 2


def test_a_rotated_key_signs_and_the_old_one_still_verifies(
    house: House, party: RelyingParty, person: Person
) -> None:
    journey, code = proven(party, person)
    old = party.exchange(journey, code).json()["id_token"]
    rotated = house.run("rotate_house_key")
    assert rotated.returncode == 0, rotated.stderr
    party.verify(journey, old)
    journey, code = proven(party, Person(house.origin))
    new = party.exchange(journey, code).json()["id_token"]
    party.verify(journey, new)
    kids = {
        json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "==")).get("kid") for token in (old, new)
    }
    assert len(kids) == 2
