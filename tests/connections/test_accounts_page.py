"""*People → Microsoft Entra → Where accounts live*: what passes need, the policy, and the choice, by those who may."""

from __future__ import annotations

from typing import Any

import pytest

from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.connections.models import DirectoryConnection
from tenants.rights import Role
from tests.conftest import make_member
from tests.connections.conftest import Connected
from tests.console.conftest import client_of_member

THERE = {"home": "there", "removes_lost": "on", "ends_sessions": "on"}


def _page(connected: Connected) -> str:
    return f"/o/{connected.tenant.slug}/people/directory/accounts"


def test_accounts_live_at_microsoft_once_everything_was_found(connected: Connected) -> None:
    connected.graph.seed(4, groups=1)
    client = client_of_member(make_member(connected.tenant))
    assert "Passes cannot be made there yet" in client.post(_page(connected), THERE).content.decode()
    connected.test()
    connected.sync()
    shown = client.get(_page(connected)).content.decode()
    # "Test again" tests, instead of leading to a page with another button of that name.
    assert f'action="/o/{connected.tenant.slug}/people/directory/test"' in shown
    assert "60 to 480 minutes, usually 60" in shown
    assert "Everybody" in shown
    assert "2 active people here are guests, or not in the directory" not in shown
    assert "1 active person here is a guest" in shown
    assert client.post(_page(connected), THERE).status_code == 302
    assert connected.row().accounts_since is not None
    since = connected.row().accounts_since
    assert client.post(_page(connected), {"home": "there"}).status_code == 302
    row = connected.row()
    assert (row.accounts_since, row.removes_lost, row.ends_sessions) == (since, False, False)
    assert client.post(_page(connected), {"home": "here"}).status_code == 302
    assert connected.row().accounts_since is None
    with tenant_scope(connected.tenant.id):
        assert AuditEvent.objects.filter(name="people:accounts_home:change").count() == 3


@pytest.mark.parametrize(
    ("application", "words"),
    [
        ("May only read people and groups", "it lacks UserAuthenticationMethod.ReadWrite.All"),
        ("May not read the policy", "it lacks Policy.Read.All"),
        ("May not end sessions", "it lacks User.RevokeSessions.All"),
    ],
)
def test_a_missing_permission_is_named_and_nobody_is_led_there(
    connected: Connected, application: str, words: str
) -> None:
    connected.graph.seed(2)
    connected.connect(application)
    connected.test()
    client = client_of_member(make_member(connected.tenant))
    assert words in client.get(_page(connected)).content.decode()
    assert "Passes cannot be made there yet" in client.post(_page(connected), THERE).content.decode()
    assert connected.row().accounts_since is None


def test_sessions_need_no_permission_where_they_stay(connected: Connected) -> None:
    connected.graph.seed(2)
    connected.connect("May not end sessions")
    connected.test()
    client = client_of_member(make_member(connected.tenant))
    assert client.post(_page(connected), {"home": "there"}).status_code == 302


def test_a_policy_that_is_off_is_said(connected: Connected) -> None:
    connected.graph.seed(2)
    connected.graph.tell("/control", {"policy": {"state": "disabled"}})
    connected.test()
    client = client_of_member(make_member(connected.tenant))
    shown = client.get(_page(connected)).content.decode()
    assert "turns Temporary Access Passes off" in shown
    assert "Passes cannot be made there yet" in client.post(_page(connected), THERE).content.decode()


def test_groups_of_the_policy_are_called_by_their_names(connected: Connected) -> None:
    connected.graph.seed(3, groups=1)
    group = connected.graph.state()["groups"][0]["id"]
    targets = [{"targetType": "group", "id": one} for one in (group, "11111111-1111-4111-8111-111111111111")]
    connected.graph.tell("/control", {"policy": {"includeTargets": targets}})
    connected.test()
    connected.sync()
    shown = client_of_member(make_member(connected.tenant)).get(_page(connected)).content.decode()
    assert "Group 1, groups that are not here" in shown


def test_the_connection_stays_while_accounts_live_there(connected: Connected) -> None:
    connected.graph.seed(2)
    connected.test()
    client = client_of_member(make_member(connected.tenant))
    client.post(_page(connected), THERE)
    remove = f"/o/{connected.tenant.slug}/people/directory/remove"
    answer: Any = client.post(remove, {"word": "remove"}, follow=True)
    assert "Accounts live at Microsoft. Change that first." in answer.content.decode()
    with tenant_scope(connected.tenant.id):
        assert DirectoryConnection.objects.exists()


def test_an_auditor_reads_it_and_changes_nothing(connected: Connected, other_tenant: Any) -> None:
    connected.graph.seed(2)
    connected.test()
    client = client_of_member(make_member(connected.tenant, Role.AUDITOR))
    shown = client.get(_page(connected))
    assert shown.status_code == 200
    assert "<form" not in shown.content.decode().split("<main")[1]
    assert client.post(_page(connected), THERE).status_code == 403
    stranger = client_of_member(make_member(other_tenant))
    assert stranger.get(_page(connected)).status_code == 404
