"""People as a provisioning system writes them, and what it may not do."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.ids import parse_public_id
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.models import (
    DirectoryPerson,
    GroupMember,
    HeldEvidence,
    NoticeAddress,
    PersonKey,
    PersonName,
    ScimToken,
)
from tenants.directory.selectors import find_person
from tenants.directory.services import hold_evidence, suspend_person
from tenants.notices.models import Notice
from tests.scim.conftest import BULK, ENTERPRISE, GROUP, PATCH, RECOVERY, USER, Provisioner, provisioner_of

MEMBER = Actor(ActorKind.MEMBER, "member_x")


def person_of(scim: Provisioner, told: dict[str, Any]) -> DirectoryPerson:
    with tenant_scope(scim.tenant.id):
        return DirectoryPerson.objects.get(id=parse_public_id("person", told["id"]))


def names(scim: Provisioner, query: str) -> list[str]:
    answer = scim.ask("GET", f"/Users?{query}")
    assert answer.status_code == 200, answer.content
    return [found["userName"] for found in json.loads(answer.content)["Resources"]]


def test_a_user_is_a_person_who_can_be_found_and_reached(scim: Provisioner) -> None:
    told = scim.made()
    person = person_of(scim, told)
    assert (person.given_names, person.family_name, person.department) == ("Ada", "Lovelace", "Research")
    assert person.names_changed_at is None and person.source == "scim"
    with tenant_scope(scim.tenant.id):
        for name in ("ADA@people.example", "n-ada"):
            assert find_person(name) == person
        addresses = NoticeAddress.objects.filter(person=person).order_by("kind")
        assert [(one.value, one.label, one.is_primary) for one in addresses] == [
            ("ada@people.example", "work", True),
            ("+420 555 0100", "mobile", None),
        ]
    assert told["displayName"] == "Ada Lovelace" and told["externalId"] == "ext-ada"
    assert told["meta"]["location"].endswith(f"/scim/{scim.tenant.slug}/v2/Users/{told['id']}")


def test_what_recovery_does_not_need_is_not_kept(scim: Provisioner) -> None:
    told = scim.made(title="Countess", password="Sw0rdfish!", addresses=[{"locality": "London"}])
    assert not {"title", "password", "addresses"} & told.keys()


def test_a_changed_name_counts_later_and_is_told_at_the_addresses_held_before(scim: Provisioner) -> None:
    told = scim.made()
    with tenant_scope(scim.tenant.id):
        NoticeAddress.objects.update(held_since=clock.now() - timedelta(days=90))
    answer = scim.patch(
        f"/Users/{told['id']}",
        {"op": "Replace", "path": "name.familyName", "value": "King"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "thief@elsewhere.example"},
    )
    assert answer.status_code == 200, answer.content
    person = person_of(scim, told)
    assert person.family_name == "King" and person.names_changed_at is not None
    with tenant_scope(scim.tenant.id):
        email = NoticeAddress.objects.get(person=person, kind="email")
        assert (email.value, clock.now() - email.held_since < timedelta(minutes=5)) == (
            "thief@elsewhere.example",
            True,
        )
        assert Notice.objects.filter(template="details_changed").count() == 1
    assert "King" not in str([event.data for event in events(scim)])


def test_when_the_last_address_went_is_remembered(scim: Provisioner) -> None:
    """Whoever takes it away to recover without a code waits as long as whoever puts another one there."""
    told = scim.made()
    scim.patch(f"/Users/{told['id']}", {"op": "Replace", "path": "title", "value": "Countess"})
    assert person_of(scim, told).address_lost_at is None
    scim.patch(f"/Users/{told['id']}", {"op": "Remove", "path": "emails"})
    lost = person_of(scim, told).address_lost_at
    assert lost is not None and clock.now() - lost < timedelta(minutes=5)
    scim.patch(f"/Users/{told['id']}", {"op": "Replace", "path": "name.familyName", "value": "King"})
    assert person_of(scim, told).address_lost_at == lost


def test_an_identifier_that_was_changed_is_noted_with_the_day_and_one_that_came_is_not(
    scim: Provisioner,
) -> None:
    told = scim.made()
    assert person_of(scim, told).external_id_changed_at is None
    scim.patch(f"/Users/{told['id']}", {"op": "replace", "path": "displayName", "value": "A."})
    assert person_of(scim, told).external_id_changed_at is None
    scim.patch(f"/Users/{told['id']}", {"op": "replace", "path": "externalId", "value": "ext-boss"})
    person = person_of(scim, told)
    assert (person.external_id, person.external_id_changed_at is None) == ("ext-boss", False)


def events(scim: Provisioner) -> list[AuditEvent]:
    with tenant_scope(scim.tenant.id):
        return list(AuditEvent.objects.filter(actor_kind="provisioner").order_by("created_at", "id"))


def test_the_dialects_of_two_large_systems_are_read(scim: Provisioner) -> None:
    """Entra: True as a word, paths beside attributes it made up, removal by value. Okta: replace without a path."""
    told = scim.made()
    path = f"/Users/{told['id']}"
    entra = scim.patch(
        path,
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+420 555 0199"},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Computing"},
        {"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "London"},
    )
    assert entra.status_code == 200, entra.content
    assert person_of(scim, told).status == DirectoryPerson.Status.SUSPENDED
    assert person_of(scim, told).department == "Computing"
    okta = scim.patch(path, {"op": "replace", "value": {"active": True, "name.givenName": "Augusta"}})
    assert okta.status_code == 200, okta.content
    assert person_of(scim, told).status == DirectoryPerson.Status.ACTIVE
    assert person_of(scim, told).given_names == "Augusta"


def test_a_colleague_s_suspension_outlasts_the_next_synchronisation(scim: Provisioner) -> None:
    told = scim.made()
    with tenant_scope(scim.tenant.id):
        suspend_person(person_of(scim, told).id, actor=MEMBER, reason="Somebody is calling in her name.")
    answer = scim.patch(f"/Users/{told['id']}", {"op": "replace", "value": {"active": True}})
    assert json.loads(answer.content)["active"] is False
    assert person_of(scim, told).status == DirectoryPerson.Status.SUSPENDED


def test_who_is_deleted_is_found_by_nothing_and_may_come_anew(scim: Provisioner) -> None:
    told = scim.made()
    group = json.loads(
        scim.ask(
            "POST",
            "/Groups",
            {"schemas": [GROUP], "displayName": "All", "members": [{"value": told["id"]}]},
        ).content
    )
    person = person_of(scim, told)
    with tenant_scope(scim.tenant.id):
        hold_evidence(person.id, ("document_number", "digest"))
    assert scim.ask("DELETE", f"/Users/{told['id']}").status_code == 204
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = {"schemas": [USER], "userName": "x"} if method == "PUT" else None
        if method == "PATCH":
            answer = scim.patch(f"/Users/{told['id']}", {"op": "replace", "path": "active", "value": True})
        else:
            answer = scim.ask(method, f"/Users/{told['id']}", body)
        assert answer.status_code == 404, method
    assert names(scim, "") == []
    assert "members" not in json.loads(scim.ask("GET", f"/Groups/{group['id']}").content)
    left = person_of(scim, told)
    assert "Ada" not in str(vars(left)) and "ada" not in str(vars(left)).replace(str(left.id), "")
    with tenant_scope(scim.tenant.id):
        for model in (PersonKey, NoticeAddress, HeldEvidence, GroupMember):
            assert not model.objects.filter(person_id=left.id).exists()
    assert scim.made()["id"] != told["id"]


def test_a_name_belongs_to_one_person(scim: Provisioner) -> None:
    scim.made()
    same = scim.user(emails=[], **{ENTERPRISE: {}})
    assert (same.status_code, json.loads(same.content)["scimType"]) == (409, "uniqueness")
    assert scim.user("bob", emails=[{"value": "ADA@people.example"}]).status_code == 409
    assert "ada" not in same.content.decode()
    bob = scim.made("bob")
    taken = scim.patch(
        f"/Users/{bob['id']}", {"op": "replace", "path": "userName", "value": "ada@people.example"}
    )
    assert taken.status_code == 409 and names(scim, "filter=externalId+eq+%22ext-bob%22") == [
        "bob@people.example"
    ]


def test_of_many_who_add_one_person_at_once_one_does(scim: Provisioner) -> None:
    together, answers = Barrier(8), []

    def add() -> None:
        together.wait()
        answers.append(Provisioner(scim.tenant, scim.token).user().status_code)
        connection.close()

    threads = [Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, *[409] * 7]


def test_of_many_who_change_one_group_at_once_each_is_heard(scim: Provisioner) -> None:
    """Who names no version asks for no comparison: nobody is refused, and no member is lost."""
    people = [scim.made(f"p{number}")["id"] for number in range(6)]
    made = scim.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "Everybody"})
    path = f"/Groups/{json.loads(made.content)['id']}"
    together, answers = Barrier(len(people)), []

    def join(person: str) -> None:
        together.wait()
        one = Provisioner(scim.tenant, scim.token)
        answers.append(
            one.patch(path, {"op": "add", "path": "members", "value": [{"value": person}]}).status_code
        )
        connection.close()

    threads = [Thread(target=join, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * len(people)
    assert {one["value"] for one in json.loads(scim.ask("GET", path).content)["members"]} == set(people)


def test_a_change_of_something_that_changed_in_the_meantime_is_refused(scim: Provisioner) -> None:
    told = scim.made()
    path, seen = f"/Users/{told['id']}", {"If-Match": told["meta"]["version"]}
    first = scim.patch(path, {"op": "replace", "path": "displayName", "value": "Countess"}, **seen)
    second = scim.patch(path, {"op": "replace", "path": "displayName", "value": "Nobody"}, **seen)
    assert (first.status_code, second.status_code) == (200, 412)
    assert scim.ask("GET", path, **{"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("deed", ["GET", "PUT", "PATCH", "DELETE", "filter", "member"])
def test_a_token_reaches_nobody_of_another_organisation(
    scim: Provisioner, other_tenant: Any, deed: str
) -> None:
    told, stranger = scim.made(), provisioner_of(other_tenant)
    path = f"/Users/{told['id']}"
    if deed == "filter":
        assert names(stranger, f"filter=id+eq+%22{told['id']}%22") == []
    elif deed == "member":
        body = {"schemas": [GROUP], "displayName": "All", "members": [{"value": told["id"]}]}
        assert "members" not in json.loads(stranger.ask("POST", "/Groups", body).content)
    else:
        body = {
            "PUT": {"schemas": [USER], "userName": "x"},
            "PATCH": {"schemas": [], "Operations": [{"op": "remove", "path": "emails"}]},
        }
        assert stranger.ask(deed, path, body.get(deed)).status_code in (400, 404)
    assert person_of(scim, told).user_name == "ada@people.example"


@pytest.mark.parametrize("token", ["", "rds_made-up", "another organisation's", "revoked", "an API key"])
def test_without_a_token_that_works_here_nothing_is_told(
    scim: Provisioner, other_tenant: Any, token: str
) -> None:
    scim.made()
    shown = {"another organisation's": provisioner_of(other_tenant).token, "an API key": "rdm_" + "0" * 51}
    if token == "revoked":
        with tenant_scope(scim.tenant.id):
            ScimToken.objects.update(revoked_at=clock.now())
        shown[token] = scim.token
    answer = Provisioner(scim.tenant, shown.get(token, token)).ask("GET", "/Users")
    unknown = Client(HTTP_HOST="localhost:8000").get("/scim/nowhere/v2/Users")
    assert answer.status_code == unknown.status_code == 401
    assert answer.content == unknown.content and "Bearer" in answer.headers["WWW-Authenticate"]


HOSTILE = {
    "no JSON": b"{",
    "a list": b"[]",
    "a member twice": b'{"userName": "a", "userName": "b"}',
    "a character that no database holds": b'{"schemas": ["%s"], "userName": "a\\u0000b"}' % USER.encode(),
    "a depth that no reader follows": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "another alphabet": '{"userName": "ä"}'.encode("utf-16"),
    "more than there may be": b'{"userName": "%s"}' % (b"x" * 1_100_000),
    "a name of 5,000 characters": b'{"schemas": ["%s"], "userName": "%s"}' % (USER.encode(), b"x" * 5_000),
    "no user name": b'{"schemas": ["%s"]}' % USER.encode(),
    "an e-mail address that is none": b'{"schemas": ["%s"], "userName": "a", "emails": [{"value": "a b"}]}'
    % USER.encode(),
}


@pytest.mark.parametrize("what", list(HOSTILE))
def test_a_body_that_cannot_be_used_is_refused_in_the_standard_s_words(scim: Provisioner, what: str) -> None:
    answer = scim.ask("POST", "/Users", HOSTILE[what])
    told = json.loads(answer.content)
    assert answer.status_code in (400, 413) and told["schemas"] == [
        "urn:ietf:params:scim:api:messages:2.0:Error"
    ]
    assert names(scim, "") == []


@pytest.mark.parametrize(
    "query",
    [
        "filter=userName+eq",
        "filter=id+sw+%22person%22",
        "filter=" + "+or+".join(["userName+eq+%22a%22"] * 200),
        "filter=" + "not+(" * 100 + "active+pr" + ")" * 100,
        "filter=userName+eq+%22a%00b%22",
        "filter=userName+eq+%22%5Cud800%22",
        "filter=userName+eq+%22%5Cu0000%22",
        "filter=nothing+eq+%22a%22",
        "filter=emails[" + "+or+".join(["value+pr"] * 200) + "]",
        "filter=emails[primary+eq+%22perhaps%22]",
        "filter=emails[primary+eq+%22true%22]",
        "startIndex=x",
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(scim: Provisioner, query: str) -> None:
    answer = scim.ask("GET", f"/Users?{query}")
    assert answer.status_code == 400, answer.content


def test_a_truth_may_be_written_as_a_word(scim: Provisioner) -> None:
    scim.made()
    assert names(scim, "filter=active+eq+%22false%22") == []
    assert names(scim, "filter=active+eq+%22true%22") == ["ada@people.example"]


def test_in_a_bulk_request_each_operation_stands_for_itself(scim: Provisioner) -> None:
    scim.made("ada")
    body = {
        "schemas": [BULK],
        "Operations": [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": "one",
                "data": {"schemas": [USER], "userName": "bob"},
            },
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": "two",
                "data": {"schemas": [USER], "userName": "ada@people.example"},
            },
            {
                "method": "POST",
                "path": "/Groups",
                "bulkId": "three",
                "data": {"schemas": [GROUP], "displayName": "All", "members": [{"value": "bulkId:one"}]},
            },
        ],
    }
    answer = scim.ask("POST", "/Bulk", body)
    assert [one["status"] for one in json.loads(answer.content)["Operations"]] == ["201", "409", "201"]
    (group,) = json.loads(scim.ask("GET", "/Groups").content)["Resources"]
    (bob,) = json.loads(scim.ask("GET", "/Users?filter=userName+eq+%22bob%22").content)["Resources"]
    assert [member["value"] for member in group["members"]] == [bob["id"]]
    assert [one["display"] for one in bob["groups"]] == ["All"]
    assert names(scim, "count=1") == ["ada@people.example"]
    assert json.loads(scim.ask("GET", "/Users?count=0").content)["totalResults"] == 2


def test_a_group_is_read_without_its_members_where_nobody_asks_for_them(scim: Provisioner) -> None:
    told = scim.made()
    body = {"schemas": [GROUP], "displayName": "All", "members": [{"value": told["id"]}]}
    path = f"/Groups/{json.loads(scim.ask('POST', '/Groups', body).content)['id']}"
    with CaptureQueriesContext(connection) as asked:
        answer = scim.ask("GET", f"{path}?excludedAttributes=members")
    assert "members" not in json.loads(answer.content)
    assert not [one for one in asked.captured_queries if "directory_groupmember" in one["sql"]]
    assert len(json.loads(scim.ask("GET", path).content)["members"]) == 1


def test_head_tells_what_get_would_and_the_base_address_may_end_with_a_slash(scim: Provisioner) -> None:
    told = scim.made()
    head = scim.ask("HEAD", f"/Users/{told['id']}")
    assert (head.status_code, head.content) == (200, b"") and head.headers["ETag"] == told["meta"]["version"]
    assert scim.ask("GET", "/").headers["Content-Type"] == "application/scim+json"


def test_a_page_beyond_any_number_is_empty(scim: Provisioner) -> None:
    scim.made()
    answer = json.loads(scim.ask("GET", "/Users?startIndex=99999999999999999999").content)
    assert (answer["totalResults"], answer["itemsPerPage"]) == (1, 0)


def test_what_is_wrong_in_a_change_is_told_in_a_sentence(scim: Provisioner) -> None:
    path = f"/Users/{scim.made()['id']}"
    answer = scim.patch(path, {"op": "replace", "path": "active", "value": [{"value": True}]})
    assert answer.status_code == 400 and "pydantic" not in answer.content.decode()
    assert "active" in json.loads(answer.content)["detail"]


def test_a_change_of_very_many_parts_is_too_large_before_it_is_tried(scim: Provisioner) -> None:
    """Each part is tried on the whole person: nine thousand took a worker minutes."""
    where = f"/Users/{scim.made()['id']}"
    one = {"op": "replace", "path": "displayName", "value": "A"}
    assert scim.patch(where, *[one] * 200).status_code == 200
    assert scim.patch(where, *[one] * 201).status_code == 413
    many = [{"value": f"a{number}@x.example", "type": "work"} for number in range(201)]
    assert scim.patch(where, {"op": "add", "path": "emails", "value": many}).status_code == 413
    assert scim.patch(where, {"op": "add", "value": {"emails": many}}).status_code == 413


def test_half_a_character_in_one_operation_stops_no_other(scim: Provisioner) -> None:
    path = f"/Users/{scim.made()['id']}"
    half = {"op": "add", "path": 'phoneNumbers[type eq "\\ud800"].value', "value": "+420 555 0199"}
    body = {
        "schemas": [BULK],
        "Operations": [
            {"method": "PATCH", "path": path, "data": {"schemas": [PATCH], "Operations": [half]}},
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": "b",
                "data": {"schemas": [USER], "userName": "bob"},
            },
        ],
    }
    answer = json.loads(scim.ask("POST", "/Bulk", body).content)
    assert [one["status"] for one in answer["Operations"]] == ["400", "201"]


def test_other_names_manager_and_standing_come_with_the_user_and_are_told_back(scim: Provisioner) -> None:
    own = {"formerNames": "Byron", "nameInOtherScript": "Лавлейс, Ада", "country": "GB", "privileged": True}
    told = scim.made(
        nickName="Addie | Ady",
        **{RECOVERY: own, ENTERPRISE: {"employeeNumber": "n-ada", "manager": {"value": "person_x"}}},
    )
    person = person_of(scim, told)
    assert (person.manager, person.country, person.is_privileged) == ("person_x", "GB", True)
    with tenant_scope(scim.tenant.id):
        named = set(PersonName.objects.values_list("kind", "given_names", "family_name"))
    assert named == {
        ("former", "", "Byron"),
        ("script", "Ада", "Лавлейс"),
        ("preferred", "Addie", ""),
        ("preferred", "Ady", ""),
    }
    assert told[RECOVERY] == own and told["nickName"] == "Addie | Ady"
    assert told[ENTERPRISE]["manager"]["value"] == "person_x"
    for query in (
        'filter=nickName eq "ady"',
        f'filter={RECOVERY}:formerNames eq "byron"',
        f"filter={RECOVERY}:privileged eq true",
        f'filter={ENTERPRISE}:manager.value eq "person_x"',
    ):
        assert names(scim, query) == ["ada@people.example"], query


def test_the_manager_comes_in_the_dialect_of_entra_and_leaves_again(scim: Provisioner) -> None:
    told = scim.made()
    path = f"/Users/{told['id']}"
    for value in ("person_boss", {"value": "person_boss"}):
        answer = scim.patch(path, {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": value})
        assert answer.status_code == 200, answer.content
        assert person_of(scim, told).manager == "person_boss"
        answer = scim.patch(path, {"op": "Remove", "path": f"{ENTERPRISE}:manager"})
        assert answer.status_code == 200, answer.content
        assert person_of(scim, told).manager == ""


def test_silence_about_a_privileged_account_leaves_it_one(scim: Provisioner) -> None:
    told = scim.made(**{RECOVERY: {"privileged": True}})
    body = {key: value for key, value in told.items() if key not in (RECOVERY, "meta", "groups")}
    body["schemas"] = [USER, ENTERPRISE]
    assert scim.ask("PUT", f"/Users/{told['id']}", body).status_code == 200
    assert person_of(scim, told).is_privileged
    answer = scim.patch(
        f"/Users/{told['id']}", {"op": "replace", "path": f"{RECOVERY}:privileged", "value": False}
    )
    assert answer.status_code == 200, answer.content
    person = person_of(scim, told)
    assert person.is_privileged is False and person.names_changed_at is not None
