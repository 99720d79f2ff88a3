"""The provider as a relying party meets it, over HTTP."""

from __future__ import annotations

import base64
import hashlib

from tests.house.conftest import House
from tests.house.person import Person
from tests.house.relying_party import RelyingParty


def test_a_proven_person_arrives_at_the_relying_party(
    house: House, party: RelyingParty, person: Person
) -> None:
    journey, url = party.begin()
    code = party.read_return(journey, person.prove(url))
    answer = party.exchange(journey, code)
    assert answer.status == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    claims = party.verify(journey, answer.json()["id_token"])
    told = claims["verified_claims"]
    assert told["verification"]["assurance_level"] == "VERIFIED"
    assert told["claims"] == {
        "given_name": "ANNA MARIA",
        "family_name": "ERIKSSON",
        "birthdate": "1974-08-12",
    }
    evidence = told["verification"]["evidence"][0]
    assert evidence["document_details"]["document_number"] == "L898902C3"
    assert {check["name"] for check in evidence["check_details"]} >= {
        "family_name_match",
        "liveness",
        "face_match",
    }
    fetched = party.fetch(evidence["attachments"][0])
    assert fetched.headers["content-type"] == "image/jpeg"
    digest = base64.b64encode(hashlib.sha256(fetched.body).digest()).decode()
    assert digest == evidence["attachments"][0]["digest"]["value"]
