"""The console's pages: entered, tested against a process of its own, named by a profile, removed."""

from __future__ import annotations

import pytest

from portal.kit.scope import tenant_scope
from recovery.callouts.models import Callout
from recovery.models import Profile
from tenants.rights import Role
from tests.vendors.conftest import work


@pytest.fixture
def client(place, staff_client):
    return staff_client(Role.OWNER, place.tenant)


@pytest.fixture
def base(place):
    return f"/o/{place.tenant.slug}/recovery/profiles/callouts"


def sent(endpoint, **changes):
    values = {
        "name": "Payroll",
        "url": endpoint.settings["api_base"],
        "claims": ["firstName", "dateOfBirth"],
        "on_silence": "refuse",
        "timeout_seconds": "2",
        "retries": "0",
    }
    return values | changes


def row_of(place):
    with tenant_scope(place.tenant.id):
        return Callout.objects.get()


def test_what_is_entered_is_tested_with_a_marked_example_and_the_page_says_what_came_back(
    client, base, place, endpoint
):
    secret = endpoint.settings["webhook_secret"]
    page = client.post(f"{base}/new", sent(endpoint, secret=secret))
    assert page.status_code == 302
    assert "Asking" in client.get(page.url).content.decode()
    work(place.tenant)
    body = client.get(f"{page.url}state").content.decode()
    assert "Yes, go on" in body and "200" in body
    assert secret not in client.get(page.url).content.decode()
    endpoint.misbehave("elsewhere")
    client.post(f"{page.url}test")
    work(place.tenant)
    assert "redirect, which is not followed" in client.get(page.url).content.decode()
    assert "Did not answer the test" in client.get(f"{base}/").content.decode()


def test_a_wrong_secret_is_found_out_by_the_test(client, base, place, endpoint):
    page = client.post(f"{base}/new", sent(endpoint, secret="another secret than theirs"))
    work(place.tenant)
    assert "did not accept who was asking (status 401)" in client.get(page.url).content.decode()


@pytest.mark.parametrize(
    "url",
    ["http://payroll.example.com/", "ftp://payroll.example.com/", "payroll", "https://", "javascript:1"],
)
def test_an_address_that_is_not_https_is_refused(client, base, place, endpoint, url):
    body = client.post(f"{base}/new", sent(endpoint, url=url)).content.decode()
    assert "begins with https://" in body
    with tenant_scope(place.tenant.id):
        assert not Callout.objects.exists()


@pytest.mark.parametrize("url", ["https://10.0.0.8/", "https://169.254.169.254/latest", "https://[::1]/"])
def test_a_private_address_is_never_asked(client, base, place, endpoint, url):
    page = client.post(f"{base}/new", sent(endpoint, url=url))
    work(place.tenant)
    assert "inside a private network" in client.get(page.url).content.decode()


def test_a_profile_names_it_and_then_it_stays(client, base, place, endpoint):
    client.post(f"{base}/new", sent(endpoint))
    row = row_of(place)
    edit = f"/o/{place.tenant.slug}/recovery/profiles/{place.profile.public_id}/"
    form = client.get(edit).context["form"]
    values = {name: value for name, value in form.initial.items() if value not in (None, False)}
    assert client.post(edit, {**values, "callout": str(row.id)}).status_code == 302
    with tenant_scope(place.tenant.id):
        assert Profile.objects.get(id=place.profile.id).callouts == [str(row.id)]
    refused = client.post(f"{base}/{row.public_id}/remove", {"word": "remove"})
    assert "A profile names it" in refused.content.decode()
    client.post(edit, {**values, "callout": ""})
    # What the form had seen is old by then: the second save is the one that counts.
    fresh = client.get(edit).context["form"].initial
    values = {name: value for name, value in fresh.items() if value not in (None, False)}
    assert client.post(edit, {**values, "callout": ""}).status_code == 302
    assert client.post(f"{base}/{row.public_id}/remove", {"word": "remove"}).status_code == 302
    with tenant_scope(place.tenant.id):
        assert not Callout.objects.exists()


def test_a_colleagues_change_meanwhile_is_not_undone(client, base, place, endpoint):
    page = client.post(f"{base}/new", sent(endpoint))
    seen = client.get(page.url).context["form"].initial["seen"]
    client.post(page.url, sent(endpoint, seen=seen, name="By a colleague"))
    body = client.post(page.url, sent(endpoint, seen=seen, name="Mine")).content.decode()
    assert "A colleague saved this page" in body
    assert row_of(place).name == "By a colleague"


def test_an_empty_secret_keeps_the_stored_one_and_it_can_be_forgotten(client, base, place, endpoint):
    page = client.post(f"{base}/new", sent(endpoint, secret=endpoint.settings["webhook_secret"]))
    before = bytes(row_of(place).secret_sealed)
    client.post(page.url, sent(endpoint, name="Pay"))
    assert bytes(row_of(place).secret_sealed) == before
    client.post(page.url, sent(endpoint, forget_secret="on"))
    assert row_of(place).secret_sealed is None
