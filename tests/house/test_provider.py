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
from tests.house.person import Person
from tests.house.relying_party import ASKED, RETURN, Journey, RelyingParty, send_registration

REGISTRATION = {"client_name": "Acme", "redirect_uris": [RETURN]}


def proven(party: RelyingParty, person: Person, **changes: str | None) -> tuple[Journey, str]:
    """A journey to its end, and the code."""
    journey, url = party.begin(**changes)
    return journey, party.read_return(journey, person.prove(url))


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


# Registration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong-token-wrong-token-wrong-token"])
def test_a_registration_without_the_initial_token_is_refused(house: House, token: str | None) -> None:
    answer = send_registration(house.origin, token, REGISTRATION)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://rp.example"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://rp.example/#part"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://rp.example/return"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://user@rp.example/"]}, "invalid_redirect_uri"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"readmit_demonstration": "yes"}, "invalid_client_metadata"),
    ],
)
def test_unusable_client_metadata_is_refused(house: House, change: dict[str, Any], error: str) -> None:
    answer = send_registration(house.origin, house.token, REGISTRATION | change)
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_registrations_are_bounded_and_the_count_survives_the_refusal(house: House) -> None:
    """Its own limit is left alone: this one is for callers without the token."""
    statuses = [send_registration(house.origin, "no", REGISTRATION).status for _ in range(30)]
    assert 429 in statuses
    over = send_registration(house.origin, "no", REGISTRATION)
    assert (over.status, over.json()["error"]) == (429, "temporarily_unavailable")
    assert int(over.headers["retry-after"]) > 0
    assert send_registration(house.origin, house.token, REGISTRATION).status == 201
    house.rows("DELETE FROM house_limitcount")


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


# Token -------------------------------------------------------------------------------------------------------


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


# What is told ------------------------------------------------------------------------------------------------


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
