"""`sortBy` and searching at the root, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import make_tenant
from tests.scim.conftest import ENTERPRISE, GROUP, USER, Provisioner, provisioner_of

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    rows = json.loads(answer.content)["Resources"]
    return [row.get("userName", row.get("displayName")).partition("@")[0] for row in rows]


@pytest.fixture
def four(scim: Provisioner) -> Provisioner:
    for name, family, work in (
        ("bea", "zola", "b"),
        ("Ann", "Žižka", "c"),
        ("cat", "Abel", "a"),
        ("dan", "", ""),
    ):
        emails = [{"value": f"z{name}@x.example"}, {"value": f"{work}@x.example", "primary": True}]
        body = {
            "schemas": [USER, ENTERPRISE],
            "userName": f"{name}@people.example",
            "displayName": name,
            "name": {"givenName": "A", "familyName": family},
            "emails": emails if work else [],
            ENTERPRISE: {"employeeNumber": f"n-{name}"},
        }
        assert scim.ask("POST", "/Users", body).status_code == 201
    scim.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "Bakers"})
    return scim


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sortBy=userName", ["ann", "bea", "cat", "dan"]),
        ("sortBy=userName&sortOrder=descending", ["dan", "cat", "bea", "ann"]),
        ("sortBy=name.familyName", ["cat", "bea", "ann", "dan"]),
        ("sortBy=name.familyName&sortOrder=descending", ["dan", "ann", "bea", "cat"]),
        ("sortBy=emails", ["cat", "bea", "ann", "dan"]),
        ("sortBy=meta.created&sortOrder=descending", ["dan", "cat", "ann", "bea"]),
        ("sortBy=userName&startIndex=2&count=2", ["bea", "cat"]),
        (
            "sortBy=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
            ["ann", "bea", "cat", "dan"],
        ),
        ("sortOrder=descending", ["bea", "ann", "cat", "dan"]),
    ],
)
def test_users_come_in_the_order_that_is_asked_for(
    four: Provisioner, query: str, expected: list[str]
) -> None:
    assert found(four.ask("GET", f"/Users?{query}")) == expected


def test_a_search_at_the_root_goes_over_users_and_groups(four: Provisioner) -> None:
    asked = {"schemas": [SEARCH], "sortBy": "displayName", "startIndex": 1, "count": 3}
    answer = four.ask("POST", "/.search", asked)
    told = json.loads(answer.content)
    assert (told["totalResults"], told["itemsPerPage"]) == (5, 3)
    everything = {"schemas": [SEARCH], "filter": 'displayName sw "Ba" or userName sw "cat"'}
    assert found(four.ask("POST", "/.search", everything)) == ["cat", "Bakers"]
    pages = [
        found(four.ask("POST", "/.search", {**asked, "sortBy": "meta.created", "startIndex": at, "count": 2}))
        for at in (1, 3, 5)
    ]
    assert pages == [["bea", "ann"], ["cat", "dan"], ["Bakers"]]


def test_a_root_search_of_one_organisation_finds_nothing_of_another(four: Provisioner) -> None:
    other = provisioner_of(make_tenant())
    told = json.loads(other.ask("POST", "/.search", {"schemas": [SEARCH]}).content)
    assert told["totalResults"] == 0


@pytest.mark.parametrize(
    "path", ["name", "emails.nothing", "nothing", "x" * 5_000, "userName desc", "'; drop--"]
)
def test_what_has_no_order_is_an_invalid_value_and_no_fault_of_ours(four: Provisioner, path: str) -> None:
    for answer in (
        four.ask("GET", f"/Users?sortBy={path}"),
        four.ask("POST", "/.search", {"schemas": [SEARCH], "sortBy": path}),
    ):
        assert answer.status_code == 400, answer.content
        assert "scimType" in json.loads(answer.content)


def test_a_page_over_both_asks_no_more_however_many_there_are(four: Provisioner) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            four.ask("POST", "/.search", {"schemas": [SEARCH], "sortBy": "displayName"})
        return len(seen)

    few = statements()
    for number in range(8):
        four.made(f"more{number}")
    assert statements() <= few
