"""The Graph simulator against what the documentation says of tokens, delta queries and refusals; and against Microsoft's own
library for tokens, which nobody here wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any
from urllib.parse import quote, urlsplit

import msal
import pytest
import requests

from tests.sandboxes.graph_served import RESOURCE, GraphSimulator

LOGIN = "https://login.microsoftonline.com"
USERS = "/v1.0/users/delta?$select=displayName,mail,otherMails,mobilePhone,accountEnabled"
GROUPS = "/v1.0/groups/delta?$select=displayName,members"


class _LedHere:
    """Microsoft's library asks its own host over https, and takes no other address from what it discovers; this leads it to
    the simulator, whose origin it reads as Microsoft's, and changes nothing else."""

    def __init__(self, simulator: GraphSimulator) -> None:
        self.simulator = simulator

    def _sent(self, method: str, url: str, **given: Any) -> requests.Response:
        parts = urlsplit(url)
        headers = {**(given.pop("headers", None) or {}), "Host": urlsplit(self.simulator.origin).netloc}
        here = f"http://127.0.0.1:{self.simulator.port}{parts.path}"
        given.pop("allow_redirects", None)
        answer = requests.request(method, here, headers=headers, timeout=20, **given)
        answer._content = answer.content.replace(self.simulator.origin.encode(), LOGIN.encode())
        return answer

    def get(self, url: str, **given: Any) -> requests.Response:
        return self._sent("GET", url, **given)

    def post(self, url: str, **given: Any) -> requests.Response:
        return self._sent("POST", url, **given)

    def close(self) -> None:
        pass


def _msal(simulator: GraphSimulator, *, secret: str = "") -> dict[str, Any]:
    client_id, own = simulator.credentials()
    made = msal.ConfidentialClientApplication(
        client_id,
        client_credential=secret or own,
        authority=f"{LOGIN}/{simulator.known['directory']}",
        instance_discovery=False,
        http_client=_LedHere(simulator),
    )
    answer: dict[str, Any] = made.acquire_token_for_client([f"{RESOURCE}/.default"])
    return answer


def test_microsofts_own_library_gets_a_token_that_reads_people(graph: GraphSimulator) -> None:
    graph.seed(3)
    answer = _msal(graph)
    assert answer["expires_in"] > 3000
    assert len(graph.whole_round(USERS, answer["access_token"])[0]) == 3


def test_microsofts_own_library_is_told_that_the_secret_is_wrong(graph: GraphSimulator) -> None:
    answer = _msal(graph, secret="something else")
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"directory": "00000000-0000-4000-8000-000000000000"}, 90002),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 700016),
        ({"client_secret": "wrong"}, 7000215),
        ({"client_secret": ""}, 7000218),
        ({"grant_type": "password"}, 70003),
        ({"scope": f"{RESOURCE}/User.Read.All"}, 1002012),
        ({"scope": "https://vault.azure.net/.default"}, 500011),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_a_token_is_refused_by_its_number(
    graph: GraphSimulator, changes: dict[str, str], number: int
) -> None:
    status, body = graph.token_answer(**changes)
    assert status in (400, 401)
    assert body["error_codes"] == [number]
    assert body["error_description"].startswith(f"AADSTS{number}: ")


def test_a_secret_that_expired_is_refused_by_its_number(graph: GraphSimulator) -> None:
    assert graph.token_answer("Its secret has expired")[1]["error_codes"] == [7000222]


def test_a_round_ends_in_a_link_that_tells_only_what_changed_since(graph: GraphSimulator) -> None:
    graph.seed(25, page_size=10)
    token = graph.token()
    first, link = graph.whole_round(USERS, token)
    assert len({one["id"] for one in first}) == 25
    assert graph.whole_round(link, token)[0] == []
    graph.change(change=[{"id": first[4]["id"], "displayName": "Somebody Else"}])
    graph.change(change=[{"id": first[5]["id"], "jobTitle": "is not selected"}])
    graph.change(remove=[first[6]["id"]])
    changed, link = graph.whole_round(link, token)
    by_id = {one["id"]: one for one in changed}
    assert set(by_id) == {first[4]["id"], first[6]["id"]}
    assert by_id[first[4]["id"]]["displayName"] == "Somebody Else"
    assert by_id[first[4]["id"]]["mail"] == first[4]["mail"]
    assert by_id[first[6]["id"]] == {"id": first[6]["id"], "@removed": {"reason": "changed"}}


def test_a_minimal_answer_holds_only_the_properties_that_changed(graph: GraphSimulator) -> None:
    graph.seed(2)
    token = graph.token()
    first, link = graph.whole_round(USERS, token)
    graph.change(change=[{"id": first[0]["id"], "mobilePhone": None}])
    changed, _link = graph.whole_round(link, token, Prefer="return=minimal")
    assert changed == [{"id": first[0]["id"], "mobilePhone": None}]


def test_members_of_a_group_come_as_changes_and_over_several_pages(graph: GraphSimulator) -> None:
    graph.seed(450, groups=1, page_size=1)
    token = graph.token()
    pages, link = graph.whole_round(GROUPS, token)
    assert [len(page["members@delta"]) for page in pages] == [200, 200, 50]
    member = pages[0]["members@delta"][0]
    assert member["@odata.type"] == "#microsoft.graph.user"
    graph.change("groups", change=[{"id": pages[0]["id"], "leave": [member["id"]]}])
    changed, _link = graph.whole_round(link, token)
    assert changed[0]["members@delta"] == [{**member, "@removed": {"reason": "deleted"}}]


@pytest.mark.parametrize(
    ("application", "path", "status"),
    [
        ("May only read people", GROUPS, 403),
        ("May only read groups", USERS, 403),
        ("Nothing is granted", USERS, 403),
        ("May only read people", USERS, 200),
        ("May only read groups", GROUPS, 200),
    ],
    ids=["groups without", "people without", "nothing", "people", "groups"],
)
def test_each_collection_asks_for_its_own_permission(
    graph: GraphSimulator, application: str, path: str, status: int
) -> None:
    answered, _, body = graph.get(path, graph.token(application))
    assert answered == status
    if status == 403:
        assert body["error"]["code"] == "Authorization_RequestDenied"
        assert "request-id" in body["error"]["innerError"]


def test_what_the_documentation_does_not_allow_is_refused(graph: GraphSimulator) -> None:
    token = graph.token()
    refused = ("$top=5", "$expand=members", "$orderby=mail", "$search=ada", "$select=shoeSize", "$filter=x")
    for option in refused:
        assert graph.get(f"/v1.0/users/delta?{quote(option, safe='$=')}", token)[0] == 400, option
    assert graph.get("/v1.0/users/delta", "somebody")[0] == 401
    assert graph.ask("POST", "/v1.0/users/delta", b"{}", Authorization=f"Bearer {token}")[0] == 405


def test_a_state_token_that_is_not_known_any_more_begins_anew(graph: GraphSimulator) -> None:
    graph.seed(3)
    token = graph.token()
    _first, link = graph.whole_round(USERS, token)
    graph.seed(4)
    status, headers, body = graph.get(link, token)
    assert (status, body["error"]["code"]) == (410, "syncStateNotFound")
    assert len(graph.whole_round(headers["location"], token)[0]) == 4
    graph.fault(sync_state_lost=400)
    status, headers, body = graph.get(graph.get(USERS, token)[2]["@odata.deltaLink"], token)
    assert (status, body["error"]["code"], "location" in headers) == (400, "syncStateNotFound", False)


def test_a_caller_who_is_slowed_down_reads_how_long(graph: GraphSimulator) -> None:
    graph.seed(1, faults={"throttle": {"times": 1, "seconds": 7}})
    token = graph.token()
    status, headers, _body = graph.get(USERS, token)
    assert (status, headers["retry-after"]) == (429, "7")
    assert graph.get(USERS, token)[0] == 200


def test_its_page_says_that_it_pretends(graph: GraphSimulator) -> None:
    status, _, body = graph.ask("GET", "/")
    assert status == 200
    assert b"Simulator: nobody here exists." in body
    assert graph.ask("GET", "/elsewhere")[0] == 404


@pytest.mark.parametrize(
    "changes",
    [{"READMIT_MODE": "production"}, {"READMIT_GRAPH_SIMULATOR_ORIGIN": "http://graph.example:8004"}],
    ids=["production", "reachable"],
)
def test_it_refuses_production_and_every_other_machine(
    graph: GraphSimulator, changes: dict[str, str]
) -> None:
    script = "import portal.sandboxes.graph.wsgi"
    env = {**os.environ, **graph.env, **changes}
    ended = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "graph_simulator.E00" in ended.stderr
