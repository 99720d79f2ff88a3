"""One person is invited from their page, by the rules by which many are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from recovery.entry import inviting
from recovery.entry.models import Invitation, Round
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.rights import Role
from tests.entry.test_inviting import Visitor, link
from tests.recovery.racing import race
from tests.vendors.conftest import work


def page_of(place, person: DirectoryPerson) -> str:
    return f"/o/{place.tenant.slug}/people/coverage/invite/{person.public_id}"


def test_one_mail_goes_to_the_address_held_longest_and_makes_a_first_passkey(place, ada, staff_client):
    mail.outbox.clear()
    owner = staff_client(Role.OWNER, of=place.tenant)
    of_person = owner.get(f"/o/{place.tenant.slug}/recovery/cases/of/{ada.public_id}").content.decode()
    assert page_of(place, ada) in of_person
    assert "ada@people.example" in owner.get(page_of(place, ada)).content.decode()
    assert mail.outbox == []
    assert owner.post(page_of(place, ada)).status_code == 302
    work(place.tenant)
    assert [entry.to for entry in mail.outbox] == [["ada@people.example"]]
    here = Visitor(place)
    here.open(link())
    assert here.make().json() == {"next": "/enter/done"}
    after = owner.get(f"/o/{place.tenant.slug}/recovery/cases/of/{ada.public_id}").content.decode()
    assert page_of(place, ada) not in after
    assert "One person" in owner.get(f"/o/{place.tenant.slug}/people/coverage/").content.decode()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ({"status": "suspended"}, "not_active"),
        ({"recovery_allowed": False}, "not_allowed"),
        ({}, "no_address"),
    ],
)
def test_who_is_left_out_of_a_round_is_not_mailed_alone_either(place, ada, staff_client, spoil, why):
    with tenant_scope(place.tenant.id):
        if spoil:
            DirectoryPerson.objects.filter(id=ada.id).update(**spoil)
        else:
            NoticeAddress.objects.update(held_since=clock.now() - timedelta(hours=71))
        with pytest.raises(Refused, match=why):
            inviting.invite_person(ada.id, actor=SYSTEM)
        assert not Round.objects.exists() and not Invitation.objects.exists()
    owner = staff_client(Role.OWNER, of=place.tenant)
    of_person = owner.get(f"/o/{place.tenant.slug}/recovery/cases/of/{ada.public_id}").content.decode()
    assert (page_of(place, ada) in of_person) is (why != "not_active")
    page = owner.get(page_of(place, ada)).content.decode()
    assert "No mail can go to them now" in page and "Send the invitation" not in page


def test_asked_for_a_hundred_times_at_once_one_mail_goes_out(place, ada):
    mail.outbox.clear()

    def ask(_number: int) -> str:
        with tenant_scope(place.tenant.id):
            inviting.invite_person(ada.id, actor=SYSTEM)
        return "sent"

    assert race(ask, times=100) == {"sent": 1, "mailed_lately": 99}
    work(place.tenant)
    assert len(mail.outbox) == 1
