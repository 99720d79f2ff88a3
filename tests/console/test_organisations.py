"""Founding, choosing and changing organisations."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from portal.kit.errors import Invalid
from portal.kit.origins import tenant_host
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.colours import contrast, palette
from tenants.models import Host, Member, Tenant, User
from tenants.rights import Role
from tenants.selectors import seats_of_user
from tenants.services import create_organisation
from tests.conftest import make_member, make_tenant, site_client
from tests.console.conftest import client_of_member, sign_in


def new_user() -> User:
    return User.objects.create_user(f"{secrets.token_hex(6)}@staff.example", "correct horse battery staple")


def new_slug() -> str:
    return f"s{secrets.token_hex(5)}"


def found_one(user: User, slug: str) -> Tenant:
    return create_organisation(
        name="Acme", slug=slug, user=user, time_zone="Europe/Vienna", help_desk_contact="Call 42"
    )


def test_a_new_organisation_has_a_host_and_an_owner() -> None:
    user, slug = new_user(), new_slug()
    tenant = found_one(user, slug)
    assert Host.objects.get(tenant=tenant).name == tenant_host(slug).partition(":")[0]
    [seat] = seats_of_user(user.pk)
    assert (seat.tenant, seat.role) == (tenant, Role.OWNER)
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.get().name == EventName.ORGANISATION_CREATED


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("wallet", "slug_reserved"),
        ("house", "slug_reserved"),
        ("entra", "slug_reserved"),
        ("graph", "slug_reserved"),
        ("okta", "slug_reserved"),
        ("new", "slug_reserved"),
        ("ab", "slug_shape"),
        ("1acme", "slug_shape"),
        ("acme-", "slug_shape"),
        ("xn--acme", "slug_shape"),
        ("acme.evil", "slug_shape"),
        ("ácme", "slug_shape"),
        ("a" * 33, "slug_shape"),
    ],
)
def test_a_reserved_or_misshapen_host_name_is_refused(slug: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        found_one(new_user(), slug)
    assert caught.value.code == code


def test_two_people_who_want_one_name_get_one_organisation() -> None:
    slug, results = new_slug(), []
    users = [new_user(), new_user()]
    gate = threading.Barrier(2)

    def work(user: User) -> None:
        gate.wait(20)
        try:
            results.append(found_one(user, slug))
        except Invalid as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("slug_taken") == 1
    assert Tenant.objects.filter(slug=slug).count() == 1


def test_the_form_makes_an_organisation_and_leads_to_its_overview() -> None:
    user, slug = new_user(), new_slug()
    client = sign_in(user)
    answer = client.post(
        "/o/new",
        {
            "your_name": "Ada",
            "name": "Acme",
            "slug": slug,
            "time_zone": "Europe/Vienna",
            "help_desk_contact": "",
        },
    )
    assert answer["Location"] == f"/o/{slug}/"
    assert client.get(f"/o/{slug}/").status_code == 200
    user.refresh_from_db()
    assert user.name == "Ada"


def test_the_page_says_that_the_host_name_is_for_good() -> None:
    page = sign_in(new_user()).get("/o/new").content.decode()
    assert "This cannot be changed later" in page


def test_a_name_is_looked_up_while_it_is_typed(tenant: Tenant) -> None:
    client = sign_in(new_user())
    assert "is free" in client.get("/o/host-name", {"slug": new_slug()}).content.decode()
    assert "is taken" in client.get("/o/host-name", {"slug": tenant.slug}).content.decode()
    assert "reserved" in client.get("/o/host-name", {"slug": "wallet"}).content.decode()
    assert site_client().get("/o/host-name", {"slug": "x"}).status_code == 302


def test_one_organisation_is_opened_at_once_and_several_are_listed(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    member = make_member(tenant)
    client = client_of_member(member)
    assert client.get("/o/")["Location"] == f"/o/{tenant.slug}/"
    with tenant_scope(other_tenant.id):
        Member.objects.create(user_id=member.user_id, role=Role.AUDITOR)
    page = client.get("/o/").content.decode()
    assert tenant.name in page and other_tenant.name in page and "Auditor" in page


def test_somebody_without_an_organisation_is_led_to_make_one() -> None:
    assert sign_in(new_user()).get("/o/")["Location"] == "/o/new"


def test_a_passkey_is_asked_for_after_the_first_sign_in_and_once() -> None:
    client = sign_in(new_user())
    session = client.session
    del session["passkey_asked"]
    session.save()
    assert client.get("/o/")["Location"] == "/account/passkey"
    assert client.get("/account/passkey").status_code == 200
    assert client.get("/o/")["Location"] == "/o/new"


def test_the_front_page_is_for_everybody_and_leads_staff_on(owner_client: Client) -> None:
    page = site_client().get("/")
    assert page.status_code == 200 and "Create an account" in page.content.decode()
    assert owner_client.get("/")["Location"] == "/o/"


def test_settings_are_changed_and_written_down(tenant: Tenant, owner_client: Client) -> None:
    values = {
        "name": "New name",
        "help_desk_contact": "Call 7",
        "time_zone": "Asia/Tokyo",
        "accent": "#AA0000",
    }
    assert owner_client.post(f"/o/{tenant.slug}/settings", values).status_code == 302
    tenant.refresh_from_db()
    assert (tenant.name, tenant.accent, tenant.time_zone) == ("New name", "#aa0000", "Asia/Tokyo")
    with tenant_scope(tenant.id):
        event = AuditEvent.objects.get(name=EventName.ORGANISATION_CHANGED)
    assert event.data["changed"] == ["name", "help_desk_contact", "accent", "time_zone"]


def test_the_host_cannot_be_changed_by_the_settings(tenant: Tenant, owner_client: Client) -> None:
    values = {"name": "N", "time_zone": "UTC", "accent": "#aa0000", "slug": "stolen"}
    owner_client.post(f"/o/{tenant.slug}/settings", values)
    slug = tenant.slug
    tenant.refresh_from_db()
    assert tenant.slug == slug


def test_what_is_no_colour_is_refused(tenant: Tenant, owner_client: Client) -> None:
    values = {"name": "N", "time_zone": "UTC", "accent": "red;}"}
    page = owner_client.post(f"/o/{tenant.slug}/settings", values)
    assert page.status_code == 200 and "six hexadecimal digits" in page.content.decode()


@pytest.mark.parametrize("accent", ["#ffff00", "#ffffff", "#000000", "#1f5eff", "#888888", "#00ff88"])
def test_every_accent_is_moved_until_it_can_be_read(accent: str) -> None:
    for dark, pages in ((False, ("#ffffff", "#f6f7f9")), (True, ("#16181d", "#101216"))):
        made = palette(accent, dark=dark)
        assert all(contrast(made.accent, page) >= 3 for page in pages)
        assert all(contrast(made.accent_text, page) >= 4.5 for page in pages)
        assert contrast(made.on_accent, made.accent) >= 4.5


def test_a_pale_accent_is_told_so(tenant: Tenant, owner_client: Client) -> None:
    page = owner_client.get(f"/o/{tenant.slug}/settings/accent", {"accent": "#ffff66"}).content.decode()
    assert "Too pale for light pages" in page


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.OWNER, Role.ADMINISTRATOR)])
def test_other_roles_cannot_open_the_settings(
    tenant: Tenant, as_role: Callable[..., Client], role: Role
) -> None:
    assert as_role(role).get(f"/o/{tenant.slug}/settings").status_code == 403


def test_the_switcher_names_ones_own_organisations_only(tenant: Tenant, other_tenant: Tenant) -> None:
    page = client_of_member(make_member(tenant)).get(f"/o/{tenant.slug}/").content.decode()
    assert tenant.name in page and other_tenant.name not in page


def test_a_closed_organisation_opens_for_nobody() -> None:
    tenant = make_tenant()
    member = make_member(tenant)
    Tenant.objects.filter(id=tenant.id).update(status=Tenant.Status.CLOSED)
    assert client_of_member(member).get(f"/o/{tenant.slug}/").status_code == 404
