"""From a client's request to its answer, with everything in between."""

from __future__ import annotations

from tests.bridge.conftest import Asking, issuer_of


def test_a_client_is_told_that_the_person_is_whom_it_means(bridge):
    asking, browser = Asking(), bridge.browser()
    opened = browser.open(bridge.push(asking))
    assert (opened.status_code, opened.url) == (303, "/bridge/consent")
    page = browser.http.get("/bridge/consent").content.decode()
    assert "Okta wants to know who you are" in page
    assert "whether your name is the one on the account" in page
    browser.prove()
    back = browser.back()
    assert (back["state"], back["iss"]) == (asking.state, issuer_of(bridge))
    answer = bridge.exchange(asking, back["code"])
    assert answer.status_code == 200, answer.content
    claims = bridge.claims(answer.json()["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (
        issuer_of(bridge),
        bridge.client.public_id,
        asking.nonce,
    )
    (told,) = claims["verified_claims"]
    assert told["claims"] == {"given_name": "MATCHED", "family_name": "MATCHED"}
    assert told["verification"]["assurance_level"] == "VERIFIED"
    assert told["verification"]["trust_framework"] == "IDV-DELEGATED"
    assert "Ada" not in str(claims) and "readmit_demonstration" not in claims
    assert bridge.usage() == [("decision", "bridged", True)]
