"""*People → Microsoft Entra*: entered, tested, synchronised, held, allowed, removed, by those who may."""

from __future__ import annotations

from tenants.rights import Role
from tests.conftest import make_member
from tests.connections.conftest import Connected
from tests.console.conftest import client_of_member


def test_a_connection_is_entered_tested_and_synchronised_from_its_page(connected: Connected) -> None:
    connected.graph.seed(5, groups=1)
    client, page = (
        client_of_member(make_member(connected.tenant)),
        f"/o/{connected.tenant.slug}/people/directory/",
    )
    client_id, secret = connected.graph.credentials("May only read people")
    typed = {"directory": connected.directory, "client_id": client_id, "secret": secret}
    seen = client.get(page).context["form"]["seen"].initial
    assert client.post(page, {**typed, "directory": "nothing"}).status_code == 200
    assert client.post(page, {**typed, "seen": seen}).status_code == 302
    connected.test()
    shown = client.get(page).content.decode()
    assert "it lacks GroupMember.Read.All" in shown
    assert "it lacks User.Read.All" not in shown
    assert secret not in shown
    client.post(f"{page}sync")
    while connected.step():
        pass
    shown = client.get(page).content.decode()
    assert "Stopped by a problem" in shown
    assert len(connected.people()) == 5
    assert "A colleague saved" in client.post(page, {**typed, "seen": seen}).content.decode()
    assert client.post(f"{page}remove", {"word": "something"}).status_code == 200
    assert client.post(f"{page}remove", {"word": "remove"}).status_code == 302
    assert "Microsoft Entra" in client.get(page).content.decode()
    assert "Connect and test" in client.get(f"{page}new/entra").content.decode()
    assert len(connected.people()) == 5


def test_an_owner_allows_what_was_shown_and_no_more(connected: Connected) -> None:
    connected.graph.seed(30, groups=0)
    connected.sync()
    everybody = list(connected.people())
    connected.graph.change(remove=everybody[:8])
    connected.sync()
    page = f"/o/{connected.tenant.slug}/people/directory/"
    administrator = client_of_member(make_member(connected.tenant, Role.ADMINISTRATOR))
    assert "8 people are not in the directory" in administrator.get(page).content.decode()
    assert "Allow the removal" not in administrator.get(page).content.decode()
    assert administrator.post(f"{page}allow", {"word": "remove"}).status_code == 403
    owner = client_of_member(make_member(connected.tenant))
    names = {connected.people()[one].display_name for one in everybody[:8]}
    shown = owner.get(f"{page}allow").content.decode()
    assert all(name in shown for name in names)
    typed = {"word": "remove", "people": 8, "memberships": 0, "suspensions": 0}
    connected.graph.change(remove=everybody[8:10])
    connected.sync()
    assert "More would be removed by now" in owner.post(f"{page}allow", typed).content.decode()
    assert owner.post(f"{page}allow", {**typed, "people": 10}).status_code == 302
    while connected.step():
        pass
    assert set(connected.people()) == set(everybody[10:])


def test_an_owner_sees_in_numbers_who_would_be_suspended_and_allows_it(connected: Connected) -> None:
    connected.graph.seed(30, groups=0, disabled=0)
    connected.sync()
    everybody = list(connected.people())
    connected.graph.change(change=[{"id": one, "accountEnabled": False} for one in everybody[:8]])
    connected.sync()
    page = f"/o/{connected.tenant.slug}/people/directory/"
    administrator = client_of_member(make_member(connected.tenant, Role.ADMINISTRATOR))
    shown = administrator.get(page).content.decode()
    assert "Nobody was suspended" in shown
    assert "8 people who are active here are disabled at Microsoft" in shown
    assert "Allow the suspension" not in shown
    typed = {"word": "suspend", "people": 0, "memberships": 0, "suspensions": 8}
    assert administrator.post(f"{page}allow", typed).status_code == 403
    owner = client_of_member(make_member(connected.tenant))
    shown = owner.get(f"{page}allow").content.decode()
    assert all(connected.people()[one].display_name in shown for one in everybody[:8])
    assert "Who would be removed" not in shown
    assert (
        "More would be suspended" in owner.post(f"{page}allow", {**typed, "suspensions": 7}).content.decode()
    )
    assert owner.post(f"{page}allow", {**typed, "word": "remove"}).status_code == 200
    assert owner.post(f"{page}allow", typed).status_code == 302
    while connected.step():
        pass
    suspended = {name for name, person in connected.people().items() if person.status == "suspended"}
    assert suspended == set(everybody[:8])
    assert "Nobody was suspended" not in owner.get(page).content.decode()


def test_an_auditor_reads_what_is_connected_and_changes_nothing(connected: Connected) -> None:
    client = client_of_member(make_member(connected.tenant, Role.AUDITOR))
    page = f"/o/{connected.tenant.slug}/people/directory/"
    shown = client.get(page)
    assert connected.directory in shown.content.decode()
    assert "Synchronise now" not in shown.content.decode()
    assert client.post(page, {}).status_code == 403
