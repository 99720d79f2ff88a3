"""Getting in by a link from a mail: who gets one, what it opens, and everything it does not open."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Refused
from portal.kit.scope import tenant_scope
from recovery.entry import covering, entering, inviting
from recovery.entry.models import Entry, Invitation, Kind, NoReminders, Round
from recovery.models import Case
from recovery.passkeys.models import Passkey, SavedRecoveryCode
from recovery.passkeys.saved_codes import make_saved_codes
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson, Group, GroupMember, NoticeAddress
from tests.conftest import client_of
from tests.recovery.authenticator import Authenticator
from tests.vendors.conftest import work


def invite(place, kind=Kind.INVITATION, group=None):
    mail.outbox.clear()
    with tenant_scope(place.tenant.id):
        inviting.begin_round(kind, group_id=group, actor=SYSTEM)
    work(place.tenant)
    return [entry.to[0] for entry in mail.outbox]


def link(ending: str = "") -> str:
    found = re.findall(r"http\S+/enter/[^\s/]+" + ending + r"(?=\s|$)", mail.outbox[-1].body)
    return urlsplit(found[-1]).path


class Visitor:
    """A browser of its own, with a device that makes passkeys."""

    def __init__(self, place):
        self.place = place
        self.client = client_of(place.tenant)
        self.device = Authenticator(origin=place.browser().origin)

    def open(self, path):
        return self.client.post(path)

    def make(self):
        options = self.client.post("/enter/passkey/options")
        if options.status_code != 200:
            return options
        body = {"credential": self.device.create(options.json()), "label": "My phone"}
        return self.client.post("/enter/passkey/register", body, content_type="application/json")


def passkeys(place, person):
    with tenant_scope(place.tenant.id):
        return Passkey.objects.filter(person_id=person.id).count()


def test_a_link_leads_to_a_first_passkey_that_signs_in_and_every_address_is_told(place, ada):
    assert invite(place) == ["ada@people.example"]
    here = Visitor(place)
    path = link()
    assert "Create your passkey" in here.client.get(path).content.decode()
    assert here.open(path).url == "/enter/passkey"
    assert "Ada Lovelace" in here.client.get("/enter/passkey").content.decode()
    mail.outbox.clear()
    assert here.make().json() == {"next": "/enter/done"}
    work(place.tenant)
    assert {entry.to[0] for entry in mail.outbox} == {"ada@people.example", "ada@home.example"}
    assert here.client.get("/enter/done").status_code == 200
    journey = place.browser()
    journey.sign_in(here.device)
    assert journey.get("/security/").status_code == 200
    with tenant_scope(place.tenant.id):
        answered = NoticeAddress.objects.filter(person_id=ada.id).exclude(confirmed_at=None)
        assert [one.value for one in answered] == ["ada@people.example"]


def test_following_the_link_uses_nothing_up_however_often_a_scanner_does(place, ada):
    invite(place)
    path = link()
    for _again in range(5):
        scanner = client_of(place.tenant)
        assert scanner.get(path).status_code == 200
        assert scanner.head(path).status_code == 200
    assert Visitor(place).open(path).status_code == 303


def test_the_permission_is_no_sign_in_and_stays_in_its_browser(place, ada):
    invite(place)
    here = Visitor(place)
    here.open(link())
    for page in ("/security/", "/security/verified-id/", "/security/codes"):
        answer = here.client.post(page) if page.endswith("codes") else here.client.get(page)
        assert answer.status_code == 302 and answer.url == "/sign-in"
    elsewhere = Visitor(place)
    assert elsewhere.make().status_code == 403
    assert elsewhere.client.get("/enter/passkey").status_code == 404
    assert passkeys(place, ada) == 0


def test_a_link_works_once(place, ada):
    invite(place)
    path = link()
    assert Visitor(place).open(path).status_code == 303
    for again in (Visitor(place).open(path), client_of(place.tenant).get(path)):
        assert again.status_code == 404
        assert "Lovelace" not in again.content.decode()


def test_a_link_that_is_opened_by_many_at_once_opens_for_one(place, ada):
    invite(place)
    path, opened = link(), []

    def press():
        opened.append(Visitor(place).open(path).status_code)

    threads = [threading.Thread(target=press) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(opened) == [303] + [404] * 5


def test_one_permission_makes_one_passkey(place, ada):
    invite(place)
    here = Visitor(place)
    here.open(link())
    assert here.make().status_code == 200
    here.device = Authenticator(origin=place.browser().origin)
    assert here.make().status_code == 403
    assert passkeys(place, ada) == 1


def test_two_permissions_for_one_person_make_one_passkey(place, ada):
    """A second link that was opened before the first was used."""
    invite(place)
    first = Visitor(place)
    first.open(link())
    with tenant_scope(place.tenant.id):
        Invitation.objects.update(created_at=clock.now() - timedelta(days=8))
    invite(place)
    second = Visitor(place)
    second.open(link())
    begun = second.client.post("/enter/passkey/options").json()
    assert first.make().status_code == 200
    body = {"credential": second.device.create(begun), "label": ""}
    late = second.client.post("/enter/passkey/register", body, content_type="application/json")
    assert late.status_code == 403
    assert passkeys(place, ada) == 1


def suspended(place, person):
    DirectoryPerson.objects.filter(id=person.id).update(status="suspended")


def kept_out(place, person):
    DirectoryPerson.objects.filter(id=person.id).update(recovery_allowed=False)


def address_gone(place, person):
    NoticeAddress.objects.filter(person_id=person.id, value="ada@people.example").delete()


def got_a_passkey(place, person):
    Passkey.objects.create(person_id=person.id, credential_id="x", public_key=b"x")


def got_a_frozen_one(place, person):
    Passkey.objects.create(person_id=person.id, credential_id="x", public_key=b"x", frozen_at=clock.now())


def said_not_me(place, person):
    Case.objects.create(
        profile=place.profile,
        profile_version=1,
        mode="production",
        status="repudiated",
        person=person,
        browser_digest=b"x",
        expires_at=clock.now(),
        ended_at=clock.now(),
    )


def link_too_old(place, person):
    Invitation.objects.update(expires_at=clock.now())


@pytest.mark.parametrize(
    "meanwhile",
    [suspended, kept_out, address_gone, got_a_passkey, got_a_frozen_one, said_not_me, link_too_old],
    ids=lambda one: one.__name__,
)
def test_what_happened_meanwhile_closes_the_link(place, ada, meanwhile):
    invite(place)
    path = link()
    with tenant_scope(place.tenant.id):
        meanwhile(place, ada)
    assert client_of(place.tenant).get(path).status_code == 404
    assert Visitor(place).open(path).status_code == 404
    with tenant_scope(place.tenant.id):
        assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "meanwhile", [suspended, kept_out, got_a_passkey, said_not_me], ids=lambda one: one.__name__
)
def test_what_happens_after_the_link_was_opened_closes_the_permission(place, ada, meanwhile):
    invite(place)
    here = Visitor(place)
    here.open(link())
    begun = here.client.post("/enter/passkey/options").json()
    with tenant_scope(place.tenant.id):
        meanwhile(place, ada)
    before = passkeys(place, ada)
    body = {"credential": here.device.create(begun), "label": ""}
    answer = here.client.post("/enter/passkey/register", body, content_type="application/json")
    assert answer.status_code == 403
    assert passkeys(place, ada) == before


def test_a_link_is_nothing_at_another_organisation(place, ada, other_tenant):
    invite(place)
    path = link()
    stranger = client_of(other_tenant)
    assert stranger.get(path).status_code == 404
    assert stranger.post(path).status_code == 404
    assert Visitor(place).open(path).status_code == 303


def test_a_link_nobody_knows_reads_like_a_dead_one(place, ada):
    for path in ("/enter/x", "/enter/" + "y" * 5000, "/enter/%00"):
        assert client_of(place.tenant).get(path).status_code == 404
        assert client_of(place.tenant).post(path).status_code == 404


def test_of_link_and_address_there_are_digests_only(place, ada):
    invite(place)
    token = link().rpartition("/")[2]
    with tenant_scope(place.tenant.id):
        row = Invitation.objects.get()
        events = [str(event.data) for event in AuditEvent.objects.all()]
    assert token not in str(vars(row)) and "people.example" not in str(vars(row))
    assert not any(token in text or "people.example" in text for text in events)
    assert len(token) >= 43


# Who is mailed --------------------------------------------------------------------------------------------------------


def test_nobody_is_mailed_twice_in_a_week_or_four_times_in_a_quarter(place, ada):
    assert invite(place)
    assert invite(place) == []
    for _time in range(2):
        with tenant_scope(place.tenant.id):
            Invitation.objects.update(created_at=clock.now() - timedelta(days=8))
        assert invite(place)
    with tenant_scope(place.tenant.id):
        Invitation.objects.update(created_at=clock.now() - timedelta(days=8))
    assert invite(place) == []


def test_who_is_left_out_is_told_by_reason_before_anything_is_sent(place, ada):
    place.person("bob", given_names="Bob", held=timedelta(hours=1))
    cid = place.person("cid", given_names="Cid")
    dot = place.person("dot", given_names="Dot")
    eve = place.person("eve", given_names="Eve")
    with tenant_scope(place.tenant.id):
        kept_out(place, cid)
        suspended(place, dot)
        got_a_passkey(place, eve)
        found = covering.preview(Kind.INVITATION, None)
    assert (found.chosen, found.mailed) == (4, 1)
    assert found.left_out == {"has_passkey": 1, "not_allowed": 1, "no_address": 1}
    assert invite(place) == ["ada@people.example"]


def test_a_group_is_mailed_alone(place, ada):
    place.person("bob", given_names="Bob")
    with tenant_scope(place.tenant.id):
        group = Group.objects.create(name="Pilots")
        GroupMember.objects.create(group=group, person=ada)
    assert invite(place, group=group.id) == ["ada@people.example"]


def test_a_day_has_so_many_mails_and_the_rest_waits_for_another_sending(place, ada, monkeypatch):
    monkeypatch.setattr(inviting, "MOST_A_DAY", 2)
    for name in ("bob", "cid"):
        place.person(name, given_names=name)
    assert len(invite(place)) == 2
    with tenant_scope(place.tenant.id):
        assert Round.objects.get().problem == "day_used_up"
        with pytest.raises(Refused):
            inviting.begin_round(Kind.INVITATION, group_id=None, actor=SYSTEM)


def test_many_are_mailed_in_steps_each_once_though_a_step_is_delivered_twice(place, monkeypatch):
    monkeypatch.setattr(inviting, "STEP", 2)
    for number in range(5):
        place.person(f"p{number}", given_names="P")
    with tenant_scope(place.tenant.id):
        made = inviting.begin_round(Kind.INVITATION, group_id=None, actor=SYSTEM)
        inviting.enqueue(inviting.SEND, tenant_id=place.tenant.id, round=made.id)
    mail.outbox.clear()
    work(place.tenant)
    assert len(mail.outbox) == len({entry.to[0] for entry in mail.outbox}) == 5


# Reminders ------------------------------------------------------------------------------------------------------------


def run_reminders(place):
    mail.outbox.clear()
    with tenant_scope(place.tenant.id):
        inviting._remind()
    work(place.tenant)
    return [entry.to[0] for entry in mail.outbox]


def test_nobody_is_reminded_before_somebody_turned_it_on(place, ada):
    assert run_reminders(place) == []


def test_who_has_nothing_is_reminded_and_not_again_before_a_month_is_over(place, ada, monkeypatch):
    bob = place.person("bob", given_names="Bob")
    with tenant_scope(place.tenant.id):
        make_saved_codes(bob.id, actor=SYSTEM)
        inviting.set_reminders(is_on=True, actor=SYSTEM)
    assert run_reminders(place) == ["ada@people.example"]
    assert run_reminders(place) == []
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    with tenant_scope(place.tenant.id):
        inviting._remind()
        assert Round.objects.filter(kind=Kind.REMINDER).count() == 2


def test_whoever_asked_for_no_reminders_gets_none_and_may_still_be_invited(place, ada):
    with tenant_scope(place.tenant.id):
        inviting.set_reminders(is_on=True, actor=SYSTEM)
    assert run_reminders(place)
    path = link("/no-reminders")
    assert client_of(place.tenant).get(path).status_code == 200
    with tenant_scope(place.tenant.id):
        assert not NoReminders.objects.exists()
    assert "not reminded any more" in client_of(place.tenant).post(path).content.decode()
    with tenant_scope(place.tenant.id):
        assert NoReminders.objects.get().person_id == ada.id
        Invitation.objects.update(created_at=clock.now() - timedelta(days=40))
        assert covering.preview(Kind.REMINDER, None).left_out == {"opted_out": 1}
        assert covering.preview(Kind.INVITATION, None).mailed == 1


def test_the_link_of_an_invitation_declines_nothing(place, ada):
    invite(place)
    client_of(place.tenant).post(f"{link()}/no-reminders")
    with tenant_scope(place.tenant.id):
        assert not NoReminders.objects.exists()


# Counting -------------------------------------------------------------------------------------------------------------


def test_what_people_have_is_counted_by_group(place, ada):
    bob = place.person("bob", given_names="Bob")
    cid = place.person("cid", given_names="Cid")
    with tenant_scope(place.tenant.id):
        group = Group.objects.create(name="Pilots")
        for person in (ada, bob):
            GroupMember.objects.create(group=group, person=person)
        Passkey.objects.create(person_id=ada.id, credential_id="a", public_key=b"x")
        Passkey.objects.create(
            person_id=bob.id, credential_id="b", public_key=b"x", invalidated_at=clock.now()
        )
        make_saved_codes(cid.id, actor=SYSTEM)
        SavedRecoveryCode.objects.filter(person_id=cid.id).first()
        whole = covering.covered()
        assert (whole.people, whole.passkey, whole.codes, whole.card, whole.nothing) == (3, 1, 1, 0, 1)
        (found,) = covering.kept_coverage_by_group()
        assert found[0].name == "Pilots"
        assert (found[1].people, found[1].passkey, found[1].nothing) == (2, 1, 1)


def test_a_card_from_a_recovery_counts_and_a_revoked_one_does_not(place, ada):
    journey = place.browser().to_pass("ada").use_pass()
    journey.passkey()
    with tenant_scope(place.tenant.id):
        assert covering.covered().card == 1
        from tenants.verified_id.models import Credential

        Credential.objects.update(state=Credential.State.REVOKED)
        assert covering.covered().card == 0


def test_entering_alone_knows_no_other_way(place, ada):
    """Whoever has a passkey of a recovery is never given another by a link."""
    journey = place.browser().to_pass("ada").use_pass()
    journey.passkey()
    with tenant_scope(place.tenant.id):
        assert not entering.may_enter(DirectoryPerson.objects.get(id=ada.id))
        assert covering.preview(Kind.INVITATION, None).mailed == 0
