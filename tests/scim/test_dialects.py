"""What Entra ID writes in a PATCH besides the standard is done, and nothing else is read as something it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tenants.directory.scim.dialects import MANAGER, plain_filter, plain_patch
from tests.scim.conftest import ENTERPRISE, Provisioner


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            {"op": "Remove", "path": 'emails[type eq "work"].value', "value": "gone@x.example"},
            {"op": "Remove", "path": 'emails[type eq "work"]'},
        ),
        (
            {"op": "remove", "path": 'phoneNumbers[type eq "mobile"].value'},
            {"op": "remove", "path": 'phoneNumbers[type eq "mobile"]'},
        ),
        ({"op": "remove", "path": 'manager[value eq "m"]'}, {"op": "remove", "path": MANAGER}),
        ({"op": "Remove", "path": f'{MANAGER}[value eq "m"]'}, {"op": "Remove", "path": MANAGER}),
        (
            {"op": "Add", "path": "manager", "value": [{"$ref": "https://x/Users/9", "value": "9"}]},
            {"op": "Add", "path": MANAGER, "value": {"value": "9"}},
        ),
        ({"op": "Replace", "path": MANAGER, "value": "9"}, {"op": "Replace", "path": MANAGER, "value": "9"}),
    ],
)
def test_an_operation_is_read_as_what_it_means(written: dict[str, Any], meant: dict[str, Any]) -> None:
    assert plain_patch({"schemas": ["x"], "Operations": [written]}) == {
        "schemas": ["x"],
        "Operations": [meant],
    }


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@x.example"},
        {"op": "remove", "path": "emails"},
        {"op": "remove", "path": 'emails[type eq "work"].type'},
        {"op": "add", "path": 'manager[value eq "m"]', "value": "x"},
        {"op": "remove", "path": "managers"},
        {"op": "replace", "path": MANAGER, "value": [{"value": "1"}, {"value": "2"}]},
        {"op": "remove"},
        {"op": "remove", "path": 5},
        "remove",
    ],
)
def test_an_operation_that_is_one_already_stays(operation: Any) -> None:
    assert plain_patch({"Operations": [operation]}) == {"Operations": [operation]}
    assert plain_patch({"Operations": operation}) == {"Operations": operation}


def test_entra_clears_an_address_and_names_and_removes_a_manager(scim: Provisioner) -> None:
    told = scim.made()
    path = f"/Users/{told['id']}"
    answer = scim.patch(
        path,
        {"op": "Remove", "path": 'phoneNumbers[type eq "mobile"].value'},
        {"op": "Add", "path": "manager", "value": [{"$ref": "https://x/Users/9", "value": "9"}]},
    )
    assert answer.status_code == 200, answer.content
    now = json.loads(answer.content)
    assert "phoneNumbers" not in now and now[ENTERPRISE]["manager"]["value"] == "9"
    answer = scim.patch(path, {"op": "Remove", "path": 'manager[value eq "9"]'})
    assert answer.status_code == 200 and "manager" not in json.loads(answer.content)[ENTERPRISE]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('id eq "a" and manager eq "9"', f'id eq "a" and {MANAGER} eq "9"'),
        (
            "id eq 54D382A4-2050 and manager eq 2819c223-7f76",
            f'id eq "54D382A4-2050" and {MANAGER} eq "2819c223-7f76"',
        ),
        ('userName eq "manager eq x"', 'userName eq "manager eq x"'),
        (f'{MANAGER} eq "9"', f'{MANAGER} eq "9"'),
        ('displayName eq "a \\" manager eq 12345678"', 'displayName eq "a \\" manager eq 12345678"'),
        ("active eq true", "active eq true"),
        ('userName eq "a', 'userName eq "a'),
    ],
)
def test_a_filter_is_read_as_what_it_means(written: str, meant: str) -> None:
    assert plain_filter(written) == meant
