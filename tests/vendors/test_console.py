"""Partners in the console: choose, set up, test, remove; and who may."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.kit.scope import tenant_scope
from tenants.rights import Role
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, REGISTRATION_TOKEN
from vendors.addresses import return_url_of
from vendors.billing.models import ContractPrice
from vendors.models import Connection


def address(tenant, path=""):
    return f"/o/{tenant.slug}/partners/{path}"


def connections_of(tenant):
    with tenant_scope(tenant.id):
        return list(Connection.objects.order_by("id"))


@pytest.fixture
def house(settings, provider):
    settings.HOUSE_ORIGIN = provider.issuer
    settings.HOUSE_REGISTRATION_TOKEN = REGISTRATION_TOKEN
    return provider


def test_the_list_says_what_each_partner_costs(tenant, staff_client):
    client = staff_client(Role.BILLING_MANAGER)
    page = client.get(address(tenant, "?q=house")).content.decode()
    assert "Readmit house partner" in page and "no third party is paid" in page
    assert "Your own OpenID Provider" in client.get(address(tenant, "?q=openid")).content.decode()


def test_the_house_partner_says_what_it_cannot_see(tenant, staff_client):
    page = staff_client(Role.AUDITOR).get(address(tenant, "house/")).content.decode()
    for word in ("Holograms", "Microprint", "forger", "virtual camera", "30 minutes"):
        assert word in page
    assert "Choose this partner" not in page


def test_choosing_the_house_partner_registers_and_becomes_ready_live(tenant, staff_client, house):
    client = staff_client(Role.ADMINISTRATOR)
    assert client.post(address(tenant, "house/choose")).status_code == 302
    waiting = client.get(address(tenant, "house/state")).content.decode()
    assert 'hx-trigger="every 1s"' in waiting and "Registering" in waiting
    work(tenant)
    ready = client.get(address(tenant, "house/state")).content.decode()
    assert "hx-trigger" not in ready and "Ready" in ready
    (registered,) = house.registrations
    assert registered["redirect_uris"] == [return_url_of(tenant.slug, "oidc")]
    assert registered["client_name"] == tenant.name
    assert "readmit_demonstration" not in registered
    (connection,) = connections_of(tenant)
    assert (connection.kind, connection.status) == ("free", "ready")
    assert CLIENT_SECRET.encode() not in bytes(connection.secrets_sealed)


def test_a_demonstration_tenant_says_so_when_it_registers(house):
    from portal.kit.actors import SYSTEM
    from tests.conftest import make_tenant
    from vendors import services

    tenant = make_tenant(is_demonstration=True)
    with tenant_scope(tenant.id):
        services.choose_partner("house", actor=SYSTEM)
    work(tenant)
    assert house.registrations[0]["readmit_demonstration"] is True


def test_choosing_twice_makes_one_connection(tenant, staff_client, house):
    client = staff_client()
    for _ in range(3):
        client.post(address(tenant, "house/choose"))
    work(tenant)
    assert len(connections_of(tenant)) == 1
    assert len(house.registrations) == 1


def test_a_refused_registration_is_shown_with_what_was_answered(tenant, staff_client, house, settings):
    settings.HOUSE_REGISTRATION_TOKEN = "another token"
    client = staff_client()
    client.post(address(tenant, "house/choose"))
    work(tenant)
    page = client.get(address(tenant, "house/")).content.decode()
    assert "Failing" in page and "did not accept the registration" in page and "401" in page
    settings.HOUSE_REGISTRATION_TOKEN = REGISTRATION_TOKEN
    client.post(address(tenant, "house/test"))
    work(tenant)
    assert connections_of(tenant)[0].status == "ready"


def settings_of(provider, **changes):
    return {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "private_key": "",
        "trust_framework": "",
        "unit_price": "1.35",
        "currency": "EUR",
        **changes,
    }


def test_an_own_provider_takes_the_place_by_configuration_alone(tenant, staff_client, provider):
    client = staff_client()
    form = client.get(address(tenant, "oidc/settings")).content.decode()
    assert return_url_of(tenant.slug, "oidc") in form
    assert client.post(address(tenant, "oidc/settings"), settings_of(provider)).status_code == 302
    assert "Trying the settings" in client.get(address(tenant, "oidc/")).content.decode()
    work(tenant)
    (connection,) = connections_of(tenant)
    assert (connection.status, connection.kind, connection.problems) == ("ready", "own_contract", [])
    with tenant_scope(tenant.id):
        assert ContractPrice.objects.get().unit_price == Decimal("1.35")
    page = client.get(address(tenant, "oidc/settings")).content.decode()
    assert CLIENT_SECRET not in page


@pytest.mark.parametrize(
    ("changes", "setting", "said"),
    [
        ({"client_secret": "wrong"}, "Client secret", "invalid_client"),
        ({"client_id": "wrong"}, "Client secret", "invalid_client"),
        ({"issuer": "http://nobody.localhost:1"}, "Issuer", "no_answer"),
    ],
)
def test_a_test_says_which_setting_failed_and_what_was_answered(
    tenant, staff_client, provider, changes, setting, said
):
    client = staff_client()
    client.post(address(tenant, "oidc/settings"), settings_of(provider, **changes))
    work(tenant)
    page = client.get(address(tenant, "oidc/")).content.decode()
    assert setting in page and said in page
    assert connections_of(tenant)[0].status == "failing"


def test_an_issuer_that_names_another_is_told(tenant, staff_client, provider):
    provider.answers.metadata["issuer"] = "http://evil.localhost"
    client = staff_client()
    client.post(address(tenant, "oidc/settings"), settings_of(provider))
    work(tenant)
    assert "names another issuer" in client.get(address(tenant, "oidc/")).content.decode()


def test_a_private_key_takes_the_place_of_a_secret(tenant, staff_client, provider):
    import json

    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", {"kid": "ours"}, private=True)
    provider.client_key = ECKey.import_key(key.as_dict(private=False))
    text = json.dumps(key.as_dict(private=True))
    client = staff_client()
    answer = client.post(
        address(tenant, "oidc/settings"), settings_of(provider, client_secret="", private_key=text)
    )
    assert answer.status_code == 302
    work(tenant)
    assert connections_of(tenant)[0].status == "ready"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "ftp://x"},
        {"issuer": ""},
        {"client_secret": ""},
        {"private_key": "{}"},
        {"private_key": "no json", "client_secret": ""},
        {"unit_price": "-1"},
        {"currency": "XXX"},
    ],
)
def test_settings_that_cannot_be_right_are_refused(tenant, staff_client, provider, changes):
    answer = staff_client().post(address(tenant, "oidc/settings"), settings_of(provider, **changes))
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert connections_of(tenant) == []


def test_an_empty_secret_keeps_the_stored_one(tenant, staff_client, provider):
    client = staff_client()
    client.post(address(tenant, "oidc/settings"), settings_of(provider))
    client.post(address(tenant, "oidc/settings"), settings_of(provider, client_secret=""))
    work(tenant)
    assert connections_of(tenant)[0].status == "ready"


def test_a_registration_that_comes_back_after_the_removal_changes_nothing(tenant, staff_client, house):
    from portal.kit.actors import SYSTEM
    from vendors import connecting, services
    from vendors.contract import Connected

    client = staff_client()
    client.post(address(tenant, "house/choose"))
    (connection,) = connections_of(tenant)
    with tenant_scope(tenant.id):
        services.remove_partner(connection.id, actor=SYSTEM)
        connecting.complete_connection(connection.id, Connected({"client_id": "x"}, {"client_secret": "y"}))
        connecting.note_problems(connection.id, [])
    (removed,) = connections_of(tenant)
    assert (removed.status, removed.secrets_sealed, removed.config) == ("removed", None, {})


def test_removing_asks_for_a_word_and_destroys_the_secret(tenant, staff_client, house):
    client = staff_client()
    client.post(address(tenant, "house/choose"))
    work(tenant)
    assert "0 checks under way end" in client.get(address(tenant, "house/remove")).content.decode()
    assert client.post(address(tenant, "house/remove"), {"word": "yes"}).status_code == 200
    assert connections_of(tenant)[0].status == "ready"
    assert client.post(address(tenant, "house/remove"), {"word": "Remove"}).status_code == 302
    removed = connections_of(tenant)[0]
    assert (removed.status, removed.secrets_sealed) == ("removed", None)
    client.post(address(tenant, "house/choose"))
    work(tenant)
    assert [made.status for made in connections_of(tenant)] == ["removed", "ready"]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.BILLING_MANAGER])
def test_who_may_only_look_cannot_change(tenant, staff_client, role):
    client = staff_client(role)
    assert client.get(address(tenant, "house/")).status_code == 200
    for path in ("house/choose", "house/test", "house/remove", "oidc/settings"):
        assert client.post(address(tenant, path)).status_code == 403


def test_a_help_desk_agent_does_not_see_partners(tenant, staff_client):
    assert staff_client(Role.HELP_DESK).get(address(tenant)).status_code == 403


def test_a_stranger_reads_404(tenant, other_tenant, staff_client):
    client = staff_client(Role.OWNER, other_tenant)
    for path in ("", "house/", "house/state", "oidc/settings"):
        assert client.get(address(tenant, path)).status_code == 404
    assert client.post(address(tenant, "house/choose")).status_code == 404
    assert connections_of(tenant) == []


def test_an_unknown_partner_is_404(tenant, staff_client):
    client = staff_client()
    assert client.get(address(tenant, "nobody/")).status_code == 404
    assert client.post(address(tenant, "nobody/choose")).status_code == 404
    assert client.post(address(tenant, "house/test")).status_code == 404


def test_pages_hold_no_inline_script_or_style(tenant, staff_client):
    client = staff_client()
    for path in ("", "house/", "oidc/settings"):
        page = client.get(address(tenant, path)).content.decode()
        assert "style=" not in page and "<style" not in page and "<script>" not in page
