"""Getting in through an OpenID Provider that nobody here wrote, over its own login pages."""

from __future__ import annotations

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.origins import tenant_url
from portal.kit.scope import tenant_scope
from recovery.entry import provider_services as services
from recovery.entry.models import SignInAttempt, SignInProvider
from recovery.entry.signing_in import provider_row
from tenants.audit.models import AuditEvent
from tests.entry.foreign import SECRET, ForeignProvider, Person
from tests.entry.test_inviting import Visitor, passkeys
from tests.entry.walking import back, begin, enter_settings, tried
from tests.vendors.conftest import work


@pytest.fixture
def foreign(place):
    made = ForeignProvider(tenant_url(place.tenant.slug, "/sign-in/returned"))
    yield made
    made.stop()


def test_somebody_signs_in_at_a_foreign_provider_and_makes_a_first_passkey(place, ada, foreign):
    enter_settings(place, foreign.issuer, client_id="by-secret", secret=SECRET, match="user_name")
    with tenant_scope(place.tenant.id):
        assert provider_row().problem == ""
    tried(place, lambda url: Person(foreign).sign_in(url, "ada"))
    here = Visitor(place)
    assert "Sign in with Nordlicht" in here.client.get("/sign-in").content.decode()
    query = Person(foreign).sign_in(begin(here), "ada")
    assert set(query) >= {"code", "state", "iss"}
    back(here, query)
    assert "You are Ada Lovelace" in here.client.get("/sign-in/checking").content.decode()
    assert here.client.post("/sign-in/checking").url == "/enter/passkey"
    assert here.make().status_code == 200
    assert passkeys(place, ada) == 1
    with tenant_scope(place.tenant.id):
        told = AuditEvent.objects.filter(name="people:provider:sign_in").order_by("-id").first().data
    assert 0 <= told["seconds"] < 60 and told["trial"] is False


def test_a_verified_e_mail_address_names_somebody_and_an_unverified_one_does_not(place, ada, foreign):
    place.person("unverified", given_names="Una")
    enter_settings(place, foreign.issuer, client_id="by-secret", secret=SECRET, match="email")
    tried(place, lambda url: Person(foreign).sign_in(url, "ada"))
    here = Visitor(place)
    back(here, Person(foreign).sign_in(begin(here), "unverified"))
    with tenant_scope(place.tenant.id):
        attempt = SignInAttempt.objects.filter(is_trial=False).get()
        assert (attempt.state, attempt.problem) == ("refused", "email_not_verified")


def test_a_key_of_our_own_proves_us_to_it(place, ada):
    with tenant_scope(place.tenant.id):
        services.save_provider(
            given={
                "name": "Nordlicht",
                "issuer": "http://idp.localhost:1",
                "client_id": "by-key",
                "proof": "private_key",
                "match": "user_name",
                "claim": "preferred_username",
            },
            secret="",
            actor=SYSTEM,
        )
        jwk = provider_row().public_jwk
    published = Visitor(place).client.get("/sign-in/provider/keys").json()
    assert published == {"keys": [jwk]} and "d" not in jwk
    foreign = ForeignProvider(tenant_url(place.tenant.slug, "/sign-in/returned"), published)
    try:
        with tenant_scope(place.tenant.id):
            SignInProvider.objects.update(issuer=foreign.issuer)
            services.ask_for_test()
        work(place.tenant)
        with tenant_scope(place.tenant.id):
            assert provider_row().problem == ""
        tried(place, lambda url: Person(foreign).sign_in(url, "ada"))
    finally:
        foreign.stop()


def test_a_wrong_secret_is_found_out_by_the_test(place, foreign):
    enter_settings(place, foreign.issuer, client_id="by-secret", secret="another secret", match="user_name")
    with tenant_scope(place.tenant.id):
        assert provider_row().problem == "client_refused"


def test_its_code_is_worth_nothing_in_another_browser(place, ada, foreign):
    enter_settings(place, foreign.issuer, client_id="by-secret", secret=SECRET, match="user_name")
    tried(place, lambda url: Person(foreign).sign_in(url, "ada"))
    here, thief = Visitor(place), Visitor(place)
    query = Person(foreign).sign_in(begin(here), "ada")
    begin(thief)
    answer = thief.client.get("/sign-in/returned", query)
    assert answer.status_code == 400
    work(place.tenant)
    assert thief.client.post("/sign-in/checking").url == "/sign-in"
