"""The provider as a relying party meets it, over HTTP: RFC 6749, 7591, 7636, 9126, 9207 and OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.house.conftest import House
from tests.house.http import Answer, send
from tests.house.person import Person, proven
from tests.house.relying_party import ASKED, RETURN, Journey, RelyingParty


def test_a_proven_person_arrives_at_the_relying_party(party: RelyingParty, person: Person) -> None:
    journey, code = proven(party, person)
    answer = party.exchange(journey, code)
    assert answer.status == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    claims = party.verify(journey, answer.json()["id_token"])
    told = claims["verified_claims"]
    assert "readmit_demonstration" not in claims
    assert told["verification"]["assurance_level"] == "VERIFIED"
    assert told["verification"]["trust_framework"] == "readmit_house"
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


def test_discovery_names_what_is_served(house: House) -> None:
    told = send("GET", f"{house.origin}/.well-known/openid-configuration").json()
    assert told["issuer"] == house.origin
    assert told["require_pushed_authorization_requests"] is True
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["code_challenge_methods_supported"] == ["S256"]
    keys = send("GET", told["jwks_uri"]).json()["keys"]
    assert all("d" not in key and key["alg"] == "ES256" for key in keys)


def test_another_host_reaches_nothing(house: House) -> None:
    url = f"http://127.0.0.1:{house.port}/.well-known/openid-configuration"
    answer = send("GET", url)
    assert answer.status == 404 and "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-frame-options"] == "DENY"


def test_what_went_wrong_is_told_under_the_headers_of_every_page(house: House) -> None:
    def guards(answer: Answer) -> dict[str, str]:
        return {name: answer.headers.get(name, "") for name in GUARDS}

    page = send("GET", f"{house.origin}/")
    expected = guards(page)
    assert all(expected.values()), expected
    large = send("POST", f"{house.origin}/token", body=b"x" * 70_000, headers={"Content-Type": "text/plain"})
    wrong = {
        404: send("GET", f"{house.origin}/nothing/here"),
        403: send("POST", f"{house.origin}/check/unknown/consent", form={"agree": "on"}),
        400: send("GET", f"{house.origin}/authorize"),
        413: large,
        401: send("POST", f"{house.origin}/token", form={"grant_type": "authorization_code"}),
        405: send("GET", f"{house.origin}/par"),
    }
    assert all(answer.status >= 400 for answer in wrong.values()), {n: a.status for n, a in wrong.items()}
    for answer in wrong.values():
        assert guards(answer) == expected, (answer.status, answer.headers)


GUARDS = (
    "content-security-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "x-content-type-options",
    "x-frame-options",
    "cache-control",
    "referrer-policy",
)


# Pushed requests ---------------------------------------------------------------------------------------------


def test_an_unauthenticated_push_is_refused(party: RelyingParty) -> None:
    url = party.metadata["pushed_authorization_request_endpoint"]
    form = party.parameters(Journey())
    assert send("POST", url, form=form).json()["error"] == "invalid_client"
    wrong = {"Authorization": "Basic " + base64.b64encode(f"{party.client_id}:no".encode()).decode()}
    answer = send("POST", url, headers=wrong, form=form)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")
    unknown = {"Authorization": "Basic " + base64.b64encode(b"client_unknown:no").decode()}
    del form["client_id"]
    assert send("POST", url, headers=unknown, form=form).json() == answer.json()


def test_a_client_authenticates_by_the_method_it_registered(house: House, party: RelyingParty) -> None:
    url = party.metadata["pushed_authorization_request_endpoint"]
    posted = party.parameters(Journey()) | {"client_secret": party.secret}
    assert send("POST", url, form=posted).json()["error"] == "invalid_client"
    other = RelyingParty.register(house.origin, house.token, token_endpoint_auth_method="client_secret_post")
    posted = other.parameters(Journey()) | {"client_secret": other.secret}
    assert send("POST", url, form=posted).status == 201
    both = send("POST", url, headers=other.basic, form=posted)
    assert both.json()["error"] == "invalid_request"


def _claims(**changes: Any) -> str:
    asked = json.loads(json.dumps(ASKED))
    asked["id_token"]["verified_claims"] |= changes
    return json.dumps(asked)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": RETURN + "/"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/return"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"state": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"client_id": "client_other"}, "invalid_request"),
        ({"prompt": "none"}, "interaction_required"),
        ({"claims": None}, "invalid_request"),
        ({"claims": "[" * 4000}, "invalid_request"),
        ({"claims": json.dumps({"id_token": {"given_name": None}})}, "invalid_request"),
        ({"claims": _claims(verification={"trust_framework": {"value": "eidas"}})}, "invalid_request"),
        ({"claims": _claims(verification={})}, "invalid_request"),
        ({"claims": _claims(claims={})}, "invalid_request"),
        ({"claims": _claims(claims={"email": None})}, "invalid_request"),
    ],
)
def test_an_unusable_request_is_refused_before_anybody_photographs(
    party: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    answer = party.push(Journey(), **changes)
    assert (answer.status, answer.json()["error"]) == (400, error), answer.text


def test_a_parameter_given_twice_is_refused(party: RelyingParty) -> None:
    url = party.metadata["pushed_authorization_request_endpoint"]
    body = "scope=openid&scope=openid&client_id=" + party.client_id
    assert send("POST", url, headers=party.basic, form=body).json()["error"] == "invalid_request"


def test_a_push_that_is_no_form_is_refused(party: RelyingParty) -> None:
    url = party.metadata["pushed_authorization_request_endpoint"]
    headers = party.basic | {"Content-Type": "application/json"}
    assert send("POST", url, headers=headers, body=b"{}").json()["error"] == "invalid_request"
    large = send("POST", url, headers=party.basic, form="claims=" + "x" * 400_000)
    assert large.status in (400, 413)


# Authorize ---------------------------------------------------------------------------------------------------


def test_a_request_without_a_pushed_one_leads_nowhere(party: RelyingParty, person: Person) -> None:
    answer = person.open(f"{party.origin}/authorize?client_id={party.client_id}&response_type=code")
    assert answer.status == 400
    assert "This link does not work" in answer.text


def test_a_request_uri_serves_one_browser_once(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    assert person.arrive(url).status == 200
    again = person.arrive(url)
    assert again.status == 200 and "/consent" in person.at
    stranger = Person(house.origin).arrive(url)
    assert stranger.status == 400 and "used already" in stranger.text


def test_two_browsers_at_once_begin_one_check(house: House, party: RelyingParty) -> None:
    _, url = party.begin()
    people = [Person(house.origin) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda one: one.arrive(url).status, people))
    assert sorted(statuses) == [200, 400, 400, 400, 400, 400]


def test_a_request_uri_of_another_client_is_refused(
    party: RelyingParty, demonstration_party: RelyingParty, person: Person
) -> None:
    _, url = party.begin()
    foreign = url.replace(party.client_id, demonstration_party.client_id)
    assert person.arrive(foreign).status == 400
    assert person.arrive(url).status == 200


def test_an_expired_request_uri_says_so_and_shows_the_way_back(
    house: House, party: RelyingParty, person: Person
) -> None:
    _, url = party.begin()
    house.rows("UPDATE house_pushedrequest SET expires_at = now() - interval '1 second'")
    answer = person.arrive(url)
    assert answer.status == 400
    assert "good for one minute" in answer.text
    assert "error=invalid_request_uri" in answer.text and "iss=" in answer.text


def test_a_form_of_the_relying_party_may_bring_the_person(party: RelyingParty) -> None:
    """OpenID Connect Core, 3.1.2.1: GET and POST alike."""
    journey, _url = party.begin()
    form = {"client_id": party.client_id, "request_uri": journey.request_uri}
    answer = send("POST", f"{party.origin}/authorize", form=form)
    assert answer.status == 303 and "/check/check_" in answer.headers["location"]


def test_a_parameter_given_twice_begins_nothing(party: RelyingParty, person: Person) -> None:
    """RFC 6749, 3.1."""
    _journey, url = party.begin()
    assert person.arrive(f"{url}&client_id={party.client_id}").status == 400
    assert person.arrive(url).status == 200


def test_looking_at_the_door_does_not_use_the_request_up(party: RelyingParty, person: Person) -> None:
    _journey, url = party.begin()
    assert send("HEAD", url).status == 405
    assert person.arrive(url).status == 200
