"""A set-up link opens one task's page for whoever proves the address, and nothing else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from portal.console.checklist import organisation_items
from portal.console.setup_links import OPENS
from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from portal.registry import SENT_ITEMS
from tenants.audit.models import AuditEvent
from tenants.models import Member, SetupLink, Tenant
from tenants.rights import Role
from tenants.setup_links import make_setup_link
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_member, site_client
from tests.console.conftest import client_of_member, code_in, forget_network_jobs, link_in, newest_mail
from tests.console.test_every_address import routes
from tests.recovery.console.world import make_profile
from vendors.models import Connection

# The partner that a task is about.
ABOUT = {"buy_partner": "face_check", "set_up_partner": "persona"}
PLACES = {"version": "1", "organisation": "x", "vendor": "house", "position": "1"}
SETTINGS = {"name": "Acme", "help_desk_contact": "Call 7", "time_zone": "UTC", "accent": "#1f5eff"}


def send(client: Client, tenant: Tenant, item: str = "help_desk_contact", about: str = "") -> tuple[str, str]:
    """(path in the mail, address)."""
    email = f"{secrets.token_hex(6)}@colleague.example"
    path = f"{item}/{about}/send" if about else f"{item}/send"
    answer = client.post(f"/o/{tenant.slug}/checklist/{path}", {"email": email})
    assert answer.status_code == 302, answer.content.decode()
    return link_in(newest_mail(email)), email


def prove(path: str, email: str, client: Client | None = None) -> Client:
    client = client or site_client()
    client.post(path)
    client.post(f"{path}/code", {"code": code_in(newest_mail(email))})
    return client


def names(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEvent.objects.order_by("created_at").values_list("name", flat=True))


def test_a_colleague_without_an_account_does_the_task_and_nothing_else(
    tenant: Tenant, owner_client: Client
) -> None:
    path, email = send(owner_client, tenant)
    assert "Name your help desk" in site_client().get(path).content.decode()
    client = prove(path, email)
    page = client.get(f"/o/{tenant.slug}/settings")
    assert page.status_code == 200 and "You are here for one task" in page.content.decode()
    assert client.post(f"/o/{tenant.slug}/settings", SETTINGS).status_code == 302
    tenant.refresh_from_db()
    assert tenant.help_desk_contact == "Call 7"
    for closed in ("", "members/", "members/invite", "audit/", "partners/", "checklist/people/send"):
        answer = client.get(f"/o/{tenant.slug}/{closed}")
        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/"), closed
    with tenant_scope(tenant.id):
        link = SetupLink.objects.get(email=email)
        changed = AuditEvent.objects.get(name="organisation:organisation:change")
    assert changed.actor_id == link.public_id


def test_the_seat_is_no_seat_elsewhere(tenant: Tenant, other_tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = prove(path, email)
    assert client.get(f"/o/{other_tenant.slug}/settings").status_code == 302
    assert client.get("/o/").status_code == 302


def test_without_the_code_nothing_opens(tenant: Tenant, owner_client: Client) -> None:
    path, _email = send(owner_client, tenant)
    client = site_client()
    client.get(path)
    client.post(path)
    assert client.get(f"/o/{tenant.slug}/settings").status_code == 302


def test_the_code_works_in_the_browser_that_asked_only(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    asked, other = site_client(), site_client()
    asked.post(path)
    code = code_in(newest_mail(email))
    assert "wrong or too old" in other.post(f"{path}/code", {"code": code}).content.decode()
    assert asked.post(f"{path}/code", {"code": code}).status_code == 302


def test_guessing_the_code_is_stopped_and_the_tries_are_kept(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = site_client()
    client.post(path)
    code = code_in(newest_mail(email))
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    answers = [client.post(f"{path}/code", {"code": wrong}).status_code for _try in range(5)]
    assert answers == [200] * 5
    assert client.post(f"{path}/code", {"code": code}).status_code == 429
    assert site_client().post(f"{path}/code", {"code": code}).status_code == 429


def test_an_old_code_is_refused(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = site_client()
    client.post(path)
    code = code_in(newest_mail(email))
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)):
        assert "wrong or too old" in client.post(f"{path}/code", {"code": code}).content.decode()


def test_an_expired_link_does_not_open_and_ends_the_seat(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = prove(path, email)
    with clock.frozen(clock.now() + timedelta(days=3, seconds=1)):
        assert client.get(path).status_code == 404
        assert client.get(f"/o/{tenant.slug}/settings").status_code == 302


def test_a_withdrawn_link_ends_the_seat_at_once(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = prove(path, email)
    with tenant_scope(tenant.id):
        link = SetupLink.objects.get(email=email)
    owner_client.post(f"/o/{tenant.slug}/setup-links/{link.public_id}/withdraw")
    assert client.get(f"/o/{tenant.slug}/settings").status_code == 302
    assert client.get(path).status_code == 404


def test_done_ends_the_seat_and_the_link(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = prove(path, email)
    assert client.post(f"/o/{tenant.slug}/setup-done").status_code == 200
    assert client.get(f"/o/{tenant.slug}/settings").status_code == 302
    assert client.get(path).status_code == 404
    assert names(tenant)[-3:] == [
        "member:setup_link:create",
        "member:setup_link:use",
        "member:setup_link:complete",
    ]


def test_the_seat_ends_with_its_makers(tenant: Tenant, owner: Member) -> None:
    maker = make_member(tenant, Role.ADMINISTRATOR)
    path, email = send(client_of_member(maker), tenant)
    client = prove(path, email)
    assert client.get(f"/o/{tenant.slug}/settings").status_code == 200
    with tenant_scope(tenant.id):
        Member.objects.filter(id=maker.id).update(removed_at=clock.now())
    assert client.get(f"/o/{tenant.slug}/settings").status_code == 302
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("item", ["second_owner", "own_passkey", "nothing"])
def test_what_gives_away_more_than_a_task_cannot_be_sent(
    tenant: Tenant, owner_client: Client, item: str
) -> None:
    path = f"/o/{tenant.slug}/checklist/{item}/send"
    assert owner_client.post(path, {"email": "a@colleague.example"}).status_code == 404


def test_the_address_that_sends_a_task_says_when_it_is_done(tenant: Tenant, owner_client: Client) -> None:
    Tenant.objects.filter(id=tenant.id).update(help_desk_contact="Ring the bell")
    answer = owner_client.get(f"/o/{tenant.slug}/checklist/help_desk_contact/send", follow=True)
    assert "is done: nobody has to be sent there" in answer.content.decode()


@pytest.mark.parametrize("role", [Role.BILLING_MANAGER, Role.HELP_DESK, Role.AUDITOR])
def test_who_cannot_give_out_seats_cannot_send_a_task(
    tenant: Tenant, as_role: Callable[..., Client], role: Role
) -> None:
    path = f"/o/{tenant.slug}/checklist/help_desk_contact/send"
    assert as_role(role).post(path, {"email": "a@colleague.example"}).status_code == 403


def test_the_session_cookie_changes_when_the_seat_is_taken(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant)
    client = site_client()
    client.post(path)
    before = client.cookies["readmit_staff"].value
    client.post(f"{path}/code", {"code": code_in(newest_mail(email))})
    assert client.cookies["readmit_staff"].value != before


def test_every_task_that_can_be_sent_opens_its_own_addresses(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        sendable = {item.key for item in organisation_items(tenant) if item.can_be_sent}
    assert sendable | set(SENT_ITEMS) == set(OPENS)
    assert {name for names in OPENS.values() for name in names} <= set(routes())


# "profile" and "production" open the same.
@pytest.mark.parametrize("item", sorted(set(OPENS) - {"production"}))
def test_a_task_opens_what_it_takes_and_nothing_else_of_the_room(
    tenant: Tenant, owner: Member, item: str
) -> None:
    """Each address of the console, from a seat of this task: its own, or the way to sign in."""
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        made = make_setup_link(
            item=item, about=ABOUT.get(item, ""), email="it@x.example", made_by=owner.id, actor=SYSTEM
        )
    forget_network_jobs()
    client = site_client()
    client.post(f"/setup/{made.token}")
    landed = client.post(f"/setup/{made.token}/code", {"code": code_in(newest_mail("it@x.example"))})
    assert client.get(landed["Location"]).status_code == 200
    places = {**PLACES, "vendor": ABOUT.get(item, PLACES["vendor"])}
    for name, route in routes().items():
        if name == "console:setup_done":
            continue
        path = "/" + re.sub(r"<\w+:(\w+)>", lambda place: places.get(place[1], "x"), route)
        path = path.replace("/o/x/", f"/o/{tenant.slug}/")
        answer = client.get(path)
        is_sent_away = answer.get("Location", "").startswith("/accounts/login/")
        assert is_sent_away is (name not in OPENS[item]), (name, answer.status_code)
        assert answer.status_code != 403, name
    forget_network_jobs()


def test_a_task_that_has_no_page_yet_says_what_comes_first(tenant: Tenant, owner_client: Client) -> None:
    path, _email = send(owner_client, tenant, "linked_domain")
    client = site_client()
    said = client.post(path)
    assert said.status_code == 200 and "Turn on Verified ID first." in said.content.decode()
    assert client.get(f"{path}/code")["Location"] == path
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    assert "Send the code" in client.get(path).content.decode()
    forget_network_jobs()


def test_a_task_about_one_partner_opens_that_one_alone(tenant: Tenant, owner_client: Client) -> None:
    """It can be sent when another partner works already, and is called by the partner's name."""
    with tenant_scope(tenant.id):
        Connection.objects.create(vendor="house", kind="free", status="ready")
    page = owner_client.get(f"/o/{tenant.slug}/partners/persona/").content.decode()
    sent = set(re.findall(rf"/o/{tenant.slug}/checklist/[a-z_/]+/send", page))
    assert sent == {
        f"/o/{tenant.slug}/checklist/{task}/persona/send" for task in ("buy_partner", "set_up_partner")
    }
    path, email = send(owner_client, tenant, "set_up_partner", "persona")
    client = prove(path, email)
    own, other = (f"/o/{tenant.slug}/partners/{vendor}" for vendor in ("persona", "stripe_identity"))
    assert client.get(f"{own}/").status_code == client.get(f"{own}/settings").status_code == 200
    for address in (f"{other}/", f"{other}/settings", f"{own}/remove", f"{own}/buy"):
        assert client.get(address).status_code == 302, address
    assert "Set up Persona" in owner_client.get(f"/o/{tenant.slug}/").content.decode()


@pytest.mark.parametrize(
    "task",
    ["buy_partner/house", "buy_partner/nobody", "set_up_partner/face_check", "people/persona", "buy_partner"],
)
def test_a_task_that_there_is_not_cannot_be_sent(tenant: Tenant, owner_client: Client, task: str) -> None:
    assert owner_client.get(f"/o/{tenant.slug}/checklist/{task}/send").status_code == 404


def test_the_page_of_a_task_leads_nowhere_else(tenant: Tenant, owner_client: Client) -> None:
    path, email = send(owner_client, tenant, "people")
    client = prove(path, email)
    page = client.get(f"/o/{tenant.slug}/people/import").content.decode()
    links = set(re.findall(rf'href="/o/{tenant.slug}/([^"]*)"', page))
    assert links == {"people/import/example"}


def test_dangerous_steps_of_a_task_wait_for_an_address_proven_lately(
    tenant: Tenant, owner_client: Client
) -> None:
    with tenant_scope(tenant.id):
        profile = make_profile(mode="evaluation")
    path, email = send(owner_client, tenant, "profile")
    client = prove(path, email)
    publish = f"/o/{tenant.slug}/recovery/profiles/{profile.public_id}/publish"
    assert client.get(publish).status_code == 200
    session = client.session
    session["setup_seat_at"] -= 1000
    session.save()
    answer = client.get(publish)
    assert answer.status_code == 403 and "Open the link in the mail once more" in answer.content.decode()
