"""Several profiles in force: the first that is for a person counts, and nobody slips into a looser one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid, NotHere
from portal.kit.scope import tenant_scope
from recovery.applying import WhyNot, applied_to, may_recover, profile_for, profiles_in_force
from recovery.console.reach import reach_of
from recovery.models import Profile, ProfileVersion
from recovery.profile_checks import check_profile
from recovery.profiles import (
    Place,
    change_profile,
    copy_profile,
    get_profile,
    move_profile,
    publish_profile,
    restore_version,
    withdraw_profile,
)
from tenants.audit.models import AuditEvent
from tenants.directory.models import Group, GroupMember
from tenants.models import Tenant
from tests.recovery.console.world import make_group, make_person, make_profile, published_profile
from tests.recovery.journey import Journey
from tests.recovery.journey import Place as World
from vendors.models import Connection


def order() -> list[str]:
    return [profile.name for profile in profiles_in_force()]


@pytest.fixture
def someone(in_tenant: Tenant):
    return make_person()


def test_the_first_profile_that_is_for_somebody_counts(someone):
    everyone = published_profile(name="Everyone")
    pilots = make_profile(name="Pilots", mode="evaluation", groups_in=[make_group("Pilots", someone)])
    publish_profile(pilots.id, place=Place.FIRST, actor=SYSTEM)
    other = make_person()
    assert (profile_for(someone).name, profile_for(other).name) == ("Pilots", "Everyone")
    move_profile(pilots.id, up=False, actor=SYSTEM)
    assert profile_for(someone).id == everyone.id


def test_places_put_a_profile_before_after_or_instead_of_the_others(in_tenant):
    for name, place in (("A", Place.INSTEAD), ("B", Place.FIRST), ("C", Place.LAST), ("D", Place.FIRST)):
        publish_profile(make_profile(name=name).id, place=place, actor=SYSTEM)
    assert order() == ["D", "B", "A", "C"]
    publish_profile(make_profile(name="E").id, actor=SYSTEM)
    assert order() == ["E"]


def test_moving_stops_at_the_ends_and_a_draft_does_not_move(in_tenant):
    for name in "ABC":
        publish_profile(make_profile(name=name).id, place=Place.LAST, actor=SYSTEM)
    first, _second, third = profiles_in_force()
    move_profile(first.id, up=True, actor=SYSTEM)
    move_profile(third.id, up=False, actor=SYSTEM)
    move_profile(make_profile(name="D").id, up=True, actor=SYSTEM)
    assert order() == ["A", "B", "C"]
    move_profile(third.id, up=True, actor=SYSTEM)
    assert order() == ["A", "C", "B"]
    (event,) = AuditEvent.objects.filter(name="recovery:profile:move")
    assert event.data == {"from": 3, "to": 2}


def test_two_that_go_into_force_at_once_do_not_both_stand_instead(tenant: Tenant):
    with tenant_scope(tenant.id):
        made = [make_profile(name=f"P{number}").id for number in range(6)]

    def one(profile_id) -> None:
        try:
            with tenant_scope(tenant.id):
                publish_profile(profile_id, actor=SYSTEM)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, made))
    with tenant_scope(tenant.id):
        assert len(order()) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"status": "suspended"}, WhyNot.NOT_ACTIVE),
        ({"recovery_allowed": False}, WhyNot.NOT_ALLOWED),
        ({"department": "Sales"}, WhyNot.OTHER_DEPARTMENT),
        ({}, None),
    ],
    ids=["suspended", "turned_off", "department", "meant"],
)
def test_a_profile_says_why_it_is_not_for_somebody(someone, said, why):
    published_profile(who="departments", departments=["Finance"])
    for name, value in said.items():
        setattr(someone, name, value)
    ((_profile, found),) = applied_to(someone).considered
    assert found is why


def test_being_kept_out_by_a_group_counts_more_than_being_in_one(someone):
    both = make_group("In", someone), make_group("Out", someone)
    profile = published_profile(groups_in=[both[0]], groups_out=[both[1]])
    assert applied_to(someone).considered[0][1] is WhyNot.IN_GROUP_LEFT_OUT
    assert not may_recover(profile, someone)


def test_a_deleted_group_lets_nobody_in_whom_it_kept_out(someone):
    """Somebody who may delete groups in the directory must not thereby open accounts."""
    admins = make_group("Administrators", someone)
    profile = published_profile(groups_out=[admins])
    assert not may_recover(profile, someone)
    Group.objects.all().delete()
    assert applied_to(someone).considered[0][1] is WhyNot.GROUP_IS_GONE
    assert not may_recover(profile, make_person())
    with pytest.raises(Invalid, match="profile_group_gone"):
        check_profile(profile)
    change_profile(profile.id, groups_out=[], actor=SYSTEM)
    assert may_recover(get_profile(profile.id), someone)


def test_a_deleted_group_that_let_people_in_lets_nobody_in(someone):
    profile = published_profile(groups_in=[make_group("Pilots", someone)])
    Group.objects.all().delete()
    assert not may_recover(profile, someone)


def test_another_organisations_group_is_none(someone, other_tenant):
    with tenant_scope(other_tenant.id):
        theirs = make_group("Theirs")
    with pytest.raises(Invalid, match="profile_group_gone"):
        published_profile(groups_in=[theirs])


def test_another_organisations_partner_is_none(in_tenant, other_tenant):
    with tenant_scope(other_tenant.id):
        theirs = Connection.objects.create(vendor="house", kind="free", status="ready")
    with pytest.raises(Invalid, match="profile_no_partner"):
        published_profile(partners=[theirs.id])


def test_reach_counts_groups_as_recoveries_do(someone):
    people = [someone, *(make_person() for _number in range(4))]
    profile = published_profile(
        groups_in=[make_group("In", *people[:3])], groups_out=[make_group("Out", people[0])]
    )
    meant = [person for person in people if may_recover(profile, person)]
    found = reach_of(profile)
    assert (found.can + found.cannot, found.outside) == (len(meant), 3) == (2, 3)


def test_every_save_is_a_version_that_can_be_had_back(in_tenant):
    profile = published_profile(name="First", face_threshold=70)
    change_profile(profile.id, name="Second", face_threshold=90, actor=SYSTEM)
    back = restore_version(profile.id, 1, actor=SYSTEM)
    assert (back.name, back.face_threshold, back.version) == ("First", 70, 3)
    versions = ProfileVersion.objects.filter(profile=profile).order_by("version")
    assert [row.values["name"] for row in versions] == ["First", "Second", "First"]
    with pytest.raises(NotHere):
        restore_version(profile.id, 9, actor=SYSTEM)


def test_a_version_that_could_not_be_in_force_is_not_restored(in_tenant):
    profile = make_profile(evidence_required=["document_photograph"])
    change_profile(profile.id, evidence_required=["document_photograph", "held_address"], actor=SYSTEM)
    publish_profile(profile.id, actor=SYSTEM)
    with pytest.raises(Invalid, match="profile_one_kind"):
        restore_version(profile.id, 1, actor=SYSTEM)
    assert get_profile(profile.id).version == 2


def test_a_copy_is_a_draft_that_says_the_same(in_tenant):
    profile = published_profile(name="N" * 80, departments=["Sales"], who="departments")
    made = copy_profile(profile.id, actor=SYSTEM)
    assert (made.status, made.departments, made.name[-6:]) == (Profile.Status.DRAFT, ["Sales"], "(copy)")
    assert len(made.name) <= 80


def test_a_recovery_runs_under_the_profile_that_is_for_the_person(place: World, browser: Journey):
    """Pilots rehearse while everybody else recovers."""
    ada = browser.place.person("pilot")
    with tenant_scope(place.tenant.id):
        pilots = make_profile(
            name="Pilots",
            mode="evaluation",
            partners=[place.connection.id],
            groups_in=[make_group("Pilots", ada)],
        )
        publish_profile(pilots.id, place=Place.FIRST, actor=SYSTEM)
    rehearsing = place.browser()
    rehearsing.begin("pilot")
    assert "trial run" in rehearsing.get("/recover/consent").content.decode()
    assert rehearsing.case.mode == "evaluation"
    browser.begin("ada")
    assert "trial run" not in browser.get("/recover/consent").content.decode()
    assert browser.case.mode == "production"
    stranger = place.browser()
    stranger.who("nobody")
    assert stranger.case.is_decoy and stranger.case.profile_id == place.profile.id


def test_whoever_leaves_the_group_on_the_way_does_not_get_through(place: World):
    ada = place.person("pilot")
    with tenant_scope(place.tenant.id):
        allowed = make_group("Allowed", ada)
    place.set_profile(groups_in=[allowed])
    going = place.browser()
    going.to_face("pilot")
    with tenant_scope(place.tenant.id):
        GroupMember.objects.all().delete()
    going.face()
    status, reasons = going.outcome()
    assert (status, reasons[0]) == ("refused", "person_may_not_recover")


def test_withdrawing_one_lets_its_people_fall_to_the_next(someone):
    published_profile(name="Everyone")
    pilots = make_profile(name="Pilots", groups_in=[make_group("Pilots", someone)])
    publish_profile(pilots.id, place=Place.FIRST, actor=SYSTEM)
    withdraw_profile(pilots.id, actor=SYSTEM)
    assert profile_for(someone).name == "Everyone"


def test_privileged_accounts_are_out_of_every_profile_that_does_not_let_them_in(someone):
    profile = published_profile()
    plain = reach_of(profile)
    someone.is_privileged = True
    someone.save(update_fields=["is_privileged"])
    assert applied_to(someone).considered[0][1] is WhyNot.PRIVILEGED and profile_for(someone) is None
    assert (reach_of(profile).can, reach_of(profile).outside) == (plain.can - 1, plain.outside + 1)
    profile = change_profile(profile.id, privileged=True, actor=SYSTEM)
    assert may_recover(profile, someone) and reach_of(profile).can == plain.can
