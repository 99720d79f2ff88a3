"""The order of profiles in the console: place, move, copy, restore, and which is for whom."""

from __future__ import annotations

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.applying import profiles_in_force
from recovery.models import Profile
from recovery.profiles import Place, change_profile, publish_profile
from tenants.models import Tenant
from tenants.rights import Role
from tests.recovery.console.world import make_group, make_person, make_profile, published_profile
from vendors.models import Connection


def order(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return [profile.name for profile in profiles_in_force()]


@pytest.fixture
def two(tenant: Tenant) -> dict[str, Profile]:
    with tenant_scope(tenant.id):
        everyone = published_profile(name="Everyone")
        pilots = make_profile(name="Pilots", groups_in=[make_group("Prague", make_person("anna.novak"))])
        return {"everyone": everyone, "pilots": pilots}


def address(tenant: Tenant, profile: Profile, what: str) -> str:
    return f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/{what}"


def test_who_publishes_says_where_it_comes_in(tenant, two, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    path = address(tenant, two["pilots"], "publish")
    assert client.get(path).context["form"]["place"].value() == "first"
    assert "Choose where it comes in" in client.post(path, {"word": "publish"}).content.decode()
    assert client.post(path, {"word": "publish", "place": "nowhere"}).status_code == 200
    assert order(tenant) == ["Everyone"]
    client.post(path, {"word": "publish", "place": "first"})
    assert order(tenant) == ["Pilots", "Everyone"]
    client.post(address(tenant, two["pilots"], "move"), {"to": "down"})
    assert order(tenant) == ["Everyone", "Pilots"]
    shown = client.get(f"/o/{tenant.slug}/recovery/profiles/").content.decode()
    assert "Members of Prague" in shown and "Move Pilots up" in shown


def test_a_trial_for_everybody_is_not_proposed_in_the_place_of_what_lets_people_in(tenant, two, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    with tenant_scope(tenant.id):
        trial = make_profile(name="Trial", mode="evaluation")
    form = client.get(address(tenant, trial, "publish")).context["form"]
    assert form["place"].value() is None
    warned = {place for place, hint in form.fields["place"].choice_hints.items() if "gets a pass" in hint}
    assert warned == {"first", "instead"}
    with tenant_scope(tenant.id):
        again = make_profile(name="Again")
    assert client.get(address(tenant, again, "publish")).context["form"]["place"].value() == "instead"


def test_a_page_says_which_profile_is_for_somebody_and_why(tenant, two, staff_client):
    with tenant_scope(tenant.id):
        publish_profile(two["pilots"].id, place=Place.FIRST, actor=SYSTEM)
        make_person("ben.okri")
    client, path = staff_client(Role.AUDITOR), f"/o/{tenant.slug}/recovery/profiles/applies"
    anna = client.get(path, {"who": "anna.novak"}).content.decode()
    assert "“Pilots” counts" in anna and "A profile before it counts already" in anna
    ben = client.get(path, {"who": "BEN.OKRI "}).content.decode()
    assert "“Everyone” counts" in ben and "in none of the groups" in ben
    for nobody in ("nobody", "n\x00", "x" * 5000):
        assert "Nobody goes by that name" in client.get(path, {"who": nobody}).content.decode()
    assert staff_client(Role.BILLING_MANAGER).get(path, {"who": "anna.novak"}).status_code == 403


def test_what_a_profile_said_before_is_had_back_at_a_press(tenant, two, staff_client):
    with tenant_scope(tenant.id):
        change_profile(two["everyone"].id, face_threshold=91, names="relaxed", actor=SYSTEM)
    client, path = staff_client(Role.ADMINISTRATOR), address(tenant, two["everyone"], "restore/1")
    page = client.get(path).content.decode()
    assert "Names agree with the usual differences" in page and "91" in page
    assert "says again what version 1 said" in client.post(path, follow=True).content.decode()
    with tenant_scope(tenant.id):
        back = Profile.objects.get(id=two["everyone"].id)
        assert (back.face_threshold, back.names, back.version) == (70, "exact", 3)
    assert client.get(address(tenant, two["everyone"], "restore/77")).status_code == 404
    assert "This is what counts now" in client.get(path).content.decode()


def test_a_version_shows_what_it_changed_in_words_and_a_draft_has_it_back_at_a_press(
    tenant, two, staff_client
):
    client, pilots = staff_client(Role.ADMINISTRATOR), two["pilots"]
    with tenant_scope(tenant.id):
        change_profile(
            pilots.id, face_threshold=91, sign_limits={"face_margin": 9, "weekends": True}, actor=SYSTEM
        )
    shown = client.get(address(tenant, pilots, "restore/2"))
    changed = {str(row["label"]): (row["before"], row["after"]) for row in shown.context["changed_then"]}
    assert changed["Face Check threshold"] == ("70", "91") and "face_margin" not in shown.content.decode()
    assert "by little: 5 points" in changed["Where signs begin"][0]
    assert "by little: 9 points" in changed["Where signs begin"][1]
    assert client.get(address(tenant, pilots, "restore/1")).context["changed_then"] == []
    assert client.post(address(tenant, pilots, "restore/1")).status_code == 302
    with tenant_scope(tenant.id):
        assert Profile.objects.get(id=pilots.id).face_threshold == 70
    history = client.get(address(tenant, pilots, "")).content.decode()
    assert "Version 2: what it changed, restore" in history and "Version 3: what it changed<" in history


def test_the_list_stands_on_the_button_that_moved_a_profile(tenant, two, staff_client):
    with tenant_scope(tenant.id):
        publish_profile(two["pilots"].id, place=Place.FIRST, actor=SYSTEM)
        publish_profile(make_profile(name="Third").id, place=Place.LAST, actor=SYSTEM)
    client = staff_client(Role.ADMINISTRATOR)
    for to in ("down", "down", "up", "up"):
        answer = client.post(address(tenant, two["pilots"], "move"), {"to": to})
        place = answer["Location"].partition("#")[2]
        assert place == f"{to}-{two['pilots'].public_id}"
        assert f'id="{place}"' in client.get(answer["Location"]).content.decode()
    assert order(tenant) == ["Pilots", "Everyone", "Third"]


def test_the_form_takes_partners_in_order_and_each_once(tenant, two, staff_client):
    with tenant_scope(tenant.id):
        house = Connection.objects.get(vendor="house")
        own = Connection.objects.create(vendor="oidc", kind="own_contract", status="ready")
    client, path = staff_client(Role.ADMINISTRATOR), address(tenant, two["pilots"], "")
    page = client.get(path)
    sent = {name: value for name, value in page.context["form"].initial.items() if value not in (None, False)}
    twice = client.post(path, {**sent, "connection": str(house.id), "second_partner": str(house.id)})
    assert "Choose each partner once" in twice.content.decode()
    gap = client.post(path, {**sent, "connection": "", "second_partner": str(own.id)})
    assert "Choose the partner that is asked first" in gap.content.decode()
    client.post(path, {**sent, "connection": str(own.id), "second_partner": str(house.id)})
    with tenant_scope(tenant.id):
        assert Profile.objects.get(id=two["pilots"].id).partners == [str(own.id), str(house.id)]
    listed = client.get(f"/o/{tenant.slug}/recovery/profiles/").content.decode()
    assert "Your own OpenID Provider, then Readmit house partner" in listed


def test_a_copy_opens_as_a_draft(tenant, two, staff_client):
    client = staff_client(Role.ADMINISTRATOR)
    answer = client.post(address(tenant, two["everyone"], "copy"), follow=True)
    assert "Everyone (copy)" in answer.content.decode() and "Draft" in answer.content.decode()
