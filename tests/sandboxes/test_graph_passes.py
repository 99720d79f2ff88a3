"""The Graph simulator's passes, methods and policy against what Microsoft documents of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandboxes.graph_served import GraphSimulator

POLICY = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass"


def _whom(graph: GraphSimulator, **more: Any) -> dict[str, Any]:
    graph.seed(3, guests=1, disabled=0, **more)
    return graph.people()[1]


def _passes(person: dict[str, Any]) -> str:
    return f"/users/{person['id']}/authentication/temporaryAccessPassMethods"


def test_a_pass_is_made_with_its_characters_and_read_without(graph: GraphSimulator) -> None:
    person = _whom(graph)
    status, _, made = graph.call("POST", _passes(person), {"lifetimeInMinutes": 60, "isUsableOnce": True})
    assert status == 201
    assert len(made["temporaryAccessPass"]) == 8
    assert (made["isUsable"], made["methodUsabilityReason"]) == (True, "EnabledByPolicy")
    _, _, listed = graph.call("GET", _passes(person))
    assert [each["id"] for each in listed["value"]] == [made["id"]]
    assert listed["value"][0]["temporaryAccessPass"] is None


def test_a_new_pass_replaces_the_earlier_one(graph: GraphSimulator) -> None:
    person = _whom(graph)
    earlier = graph.call("POST", _passes(person), {})[2]
    later = graph.call("POST", _passes(person), {})[2]
    assert [each["id"] for each in graph.call("GET", _passes(person))[2]["value"]] == [later["id"]]
    assert graph.call("DELETE", f"{_passes(person)}/{earlier['id']}")[0] == 404
    assert graph.call("DELETE", f"{_passes(person)}/{later['id']}")[0] == 204
    assert graph.call("GET", _passes(person))[2]["value"] == []


@pytest.mark.parametrize(
    ("policy", "body"),
    [
        ({"state": "disabled"}, {}),
        ({}, {"lifetimeInMinutes": 59}),
        ({}, {"lifetimeInMinutes": 481}),
        ({"isUsableOnce": True}, {"isUsableOnce": False}),
        ({}, {"temporaryAccessPass": "chosen"}),
        ({}, {"isUsableOnce": "yes"}),
    ],
)
def test_what_the_policy_or_the_shape_forbids_is_refused(
    graph: GraphSimulator, policy: dict[str, Any], body: dict[str, Any]
) -> None:
    person = _whom(graph)
    graph.tell("/control", {"policy": policy})
    status, _, answer = graph.call("POST", _passes(person), body)
    assert (status, answer["error"]["code"]) == (400, "badRequest")


def test_a_guest_gets_none(graph: GraphSimulator) -> None:
    _whom(graph)
    guest = graph.people()[0]
    assert guest["userType"] == "Guest"
    status, _, answer = graph.call("POST", _passes(guest), {})
    assert status == 400
    assert "guest" in answer["error"]["message"]


def test_outside_of_the_policy_a_pass_cannot_be_used(graph: GraphSimulator) -> None:
    person = _whom(graph)
    graph.tell("/control", {"policy": {"includeTargets": [{"targetType": "group", "id": "nobody"}]}})
    made = graph.call("POST", _passes(person), {})[2]
    assert (made["isUsable"], made["methodUsabilityReason"]) == (False, "DisabledByPolicy")
    assert graph.sign_in(person["userPrincipalName"], made["temporaryAccessPass"])[0] == 400


def test_the_policy_is_read_as_it_is_documented(graph: GraphSimulator) -> None:
    _whom(graph)
    told = graph.call("GET", POLICY)[2]
    assert told["@odata.type"] == "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration"
    assert (told["state"], told["minimumLifetimeInMinutes"], told["defaultLength"]) == ("enabled", 60, 8)


@pytest.mark.parametrize(
    ("method", "path", "application", "code"),
    [
        ("GET", POLICY, "May not read the policy", "Authorization_RequestDenied"),
        ("POST", "/users/{id}/revokeSignInSessions", "May not end sessions", "Authorization_RequestDenied"),
        ("GET", "/users/{id}/authentication/methods", "May only read people and groups", "accessDenied"),
        (
            "POST",
            "/users/{id}/authentication/temporaryAccessPassMethods",
            "May only read people and groups",
            "accessDenied",
        ),
        ("GET", "/users/{id}", "May only read groups", "Authorization_RequestDenied"),
    ],
)
def test_a_missing_permission_is_refused_as_each_part_of_the_service_does(
    graph: GraphSimulator, method: str, path: str, application: str, code: str
) -> None:
    person = _whom(graph)
    body = {} if method == "POST" else None
    status, _, answer = graph.call(method, path.format(id=person["id"]), body, token=graph.token(application))
    assert (status, answer["error"]["code"]) == (403, code)


def test_methods_are_listed_and_deleted_each_in_its_collection(graph: GraphSimulator) -> None:
    person = _whom(graph)
    own = f"/users/{person['id']}/authentication"
    value = graph.call("GET", f"{own}/methods")[2]["value"]
    assert [each["@odata.type"].removeprefix("#microsoft.graph.") for each in value] == [
        "passwordAuthenticationMethod",
        "microsoftAuthenticatorAuthenticationMethod",
        "fido2AuthenticationMethod",
    ]
    password, app, key = value
    assert graph.call("DELETE", f"{own}/fido2Methods/{app['id']}")[0] == 404
    assert graph.call("DELETE", f"{own}/fido2Methods/{key['id']}")[0] == 204
    assert graph.call("DELETE", f"{own}/passwordMethods/{password['id']}")[0] == 405
    assert len(graph.call("GET", f"{own}/methods")[2]["value"]) == 2


def test_whoever_is_deleted_is_not_there(graph: GraphSimulator) -> None:
    person = _whom(graph)
    graph.change(remove=[person["id"]])
    assert graph.call("GET", f"/users/{person['id']}")[0] == 404
    assert graph.call("POST", _passes(person), {})[0] == 404


def test_a_person_uses_a_pass_once_and_registers_a_passkey(graph: GraphSimulator) -> None:
    person = _whom(graph)
    made = graph.call("POST", _passes(person), {"isUsableOnce": True})[2]
    name, characters = person["userPrincipalName"], made["temporaryAccessPass"]
    assert graph.sign_in(name, "wrong")[0] == 400
    assert "New phone" in graph.register_passkey(name, characters)
    assert graph.sign_in(name, characters)[0] == 400
    listed = graph.call("GET", _passes(person))[2]["value"][0]
    assert (listed["isUsable"], listed["methodUsabilityReason"]) == (False, "OneTimeUsed")


def test_ending_sessions_signs_the_person_out(graph: GraphSimulator) -> None:
    person = _whom(graph)
    made = graph.call("POST", _passes(person), {})[2]
    _, text, cookie = graph.sign_in(person["userPrincipalName"], made["temporaryAccessPass"])
    assert "Ways to sign in" in text
    status, _, answer = graph.call("POST", f"/users/{person['id']}/revokeSignInSessions")
    assert (status, answer["value"]) == (200, True)
    assert "Temporary Access Pass" in graph.press("/security-info/add", cookie, kind="fido2Methods")[1]


def test_pages_say_that_they_pretend(graph: GraphSimulator) -> None:
    _whom(graph)
    assert "Simulator: nobody here exists." in graph.ask("GET", "/sign-in")[2].decode()
