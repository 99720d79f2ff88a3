"""The staff side in a real browser: accessible, under the strict policy, at both widths and in both schemes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as live
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.console.owner_recovery import WAIT, begin_owner_recovery
from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor, ActorKind
from portal.kit.codes import digest
from portal.kit.ids import uuid7
from portal.kit.scope import tenant_scope
from tenants.audit.events import EventName
from tenants.audit.sealing import seal_events
from tenants.audit.services import check_chain, record_event
from tenants.membership import invite_member
from tenants.models import Member, OwnerRecovery, Tenant, User
from tenants.rights import RIGHTS, Role
from tenants.setup_links import make_setup_link
from tests.conftest import make_member, make_tenant
from tests.console.conftest import client_of_member
from tests.console.serving import site_running
from tests.look.looking import examined, violations
from tests.recovery.console.world import make_person
from vendors.trying.models import ProviderTest
from vendors.trying.requirements import REQUIREMENTS, Round
from vendors.trying.services import begin_test

pytestmark = pytest.mark.browser

OUTSIDE = {
    "front": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "join": "/join/{invitation}",
    "join-dead": "/join/none",
    "setup": "/setup/{setup}",
    "setup-code": "/setup/{setup}/code",
    "setup-dead": "/setup/none",
    "owner-recovery": "/owner-recovery/{open_recovery}",
    "owner-recovery-waits": "/owner-recovery/{recovery}",
    "owner-recovery-code": "/owner-recovery/{open_recovery}/code",
    "owner-recovery-stop": "/owner-recovery/stop/{objection}",
    "owner-recovery-dead": "/owner-recovery/none",
    "contract": "/contracts/openid",
    "contract-test": "/contracts/openid/test",
    "contract-found": "/contracts/openid/test/{provider_test}",
}
INSIDE = {
    "email": "/accounts/email/",
    "passkey-add": "/accounts/2fa/webauthn/add/",
    "organisations": "/o/?all",
    "organisation-new": "/o/new",
    "account": "/account/",
    "passkey": "/account/passkey",
    "passkeys": "/accounts/2fa/",
    "password": "/accounts/password/change/",
    "authenticator-app": "/accounts/2fa/totp/activate/",
    "sign-out": "/accounts/logout/",
    "overview": "/o/{slug}/",
    "send-item": "/o/{slug}/checklist/help_desk_contact/send",
    "members": "/o/{slug}/members/",
    "invite": "/o/{slug}/members/invite",
    "member": "/o/{slug}/members/{colleague}",
    "member-remove": "/o/{slug}/members/{colleague}/remove",
    "settings": "/o/{slug}/settings",
    "audit": "/o/{slug}/audit/",
    "audit-event": "/o/{slug}/audit/{event}",
}


class World:
    """One organisation with something on every page."""

    def __init__(self) -> None:
        self.tenant: Tenant = make_tenant("Northwind Insurance")
        self.owner: Member = make_member(self.tenant)
        self.second: Member = make_member(self.tenant, Role.ADMINISTRATOR)
        self.colleague = make_member(self.tenant, Role.HELP_DESK)
        User.objects.filter(pk=self.owner.user_id).update(name="Ada Lovelace")
        user = User.objects.get(pk=self.owner.user_id)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        actor = Actor(ActorKind.MEMBER, self.owner.public_id)
        with tenant_scope(self.tenant.id):
            make_person("anna.novak")
            make_person("ben.okri")
            self.invitation = invite_member(
                email=f"{secrets.token_hex(4)}@new.example",
                role=Role.AUDITOR,
                invited_by=self.owner.id,
                rights=RIGHTS[Role.OWNER],
                actor=actor,
            ).token
            self.setup = make_setup_link(
                item="help_desk_contact", email="grace@it.example", made_by=self.owner.id, actor=actor
            ).token
            for number in range(60):
                record_event(EventName.CASE_MOVED, actor=SYSTEM, case_id=uuid7(), data={"attempt": number})
            self.event = record_event(
                EventName.PERSON_CREATED, actor=actor, data={"source": "import"}, personal={"name": "Grace"}
            )
        self.recovery, self.objection = self.an_owner_without_a_key()
        self.open_recovery, _ = self.an_owner_without_a_key(opened=WAIT)
        self.provider_test = a_provider_that_was_tested()
        seal_events(self.tenant.id)
        check_chain(self.tenant.id)

    def an_owner_without_a_key(self, *, opened: timedelta = timedelta(0)) -> tuple[str, str]:
        """The words of the link and of the objection."""
        user = User.objects.get(pk=make_member(self.tenant).user_id)
        with clock.frozen(clock.now() - opened):
            begun = begin_owner_recovery(user, reason="Seen on video with passport.", actor=SYSTEM)
        objection = "an objection"
        OwnerRecovery.objects.filter(id=begun.recovery.id).update(
            objection_digest=digest(f"{objection}{opened}")
        )
        return begun.link.rpartition("/")[2], f"{objection}{opened}"

    def path(self, template: str) -> str:
        return template.format(
            slug=self.tenant.slug,
            invitation=self.invitation,
            setup=self.setup,
            recovery=self.recovery,
            open_recovery=self.open_recovery,
            objection=self.objection,
            colleague=self.colleague.public_id,
            event=self.event.public_id,
            provider_test=self.provider_test,
        )


def a_provider_that_was_tested() -> str:
    """The word of its address: some requirements met, one not, the rest to come after a sign-in."""
    address = begin_test(
        issuer="https://id.vendor.example",
        client_id="one",
        client_secret="a secret of a test",
        trust_framework="",
        locale="en",
        network="203.0.113.0/24",
    )
    results = [
        {"requirement": each.code, "finding": "passed", "code": "", "answered": ""}
        for each in REQUIREMENTS
        if each.round is Round.ALONE
    ]
    results[3] |= {"finding": "failed", "code": "s256_not_named"}
    results[7] |= {"finding": "failed", "code": "was_accepted"}
    ProviderTest.objects.filter(address_digest=digest(address)).update(
        results=results, is_working=False, stage="ended"
    )
    return address


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    before, live.DATA = live.DATA, tmp_path_factory.mktemp("data")
    yield World()
    live.DATA = before


@pytest.fixture(scope="module")
def origin(world: World) -> Iterator[str]:
    with site_running() as running:
        yield running


def cookie_of(client: Client, origin: str) -> Any:
    name = live.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": origin}


@pytest.fixture(scope="module")
def outside(browser: Browser) -> Iterator[Page]:
    """For looking only, as the next: each new process of the browser costs more than a look."""
    context: BrowserContext = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def looking_inside(browser: Browser, world: World, origin: str) -> Iterator[Page]:
    with signed_in(browser, world, origin) as page:
        yield page


@pytest.fixture
def inside(browser: Browser, world: World, origin: str) -> Iterator[Page]:
    with signed_in(browser, world, origin) as page:
        yield page


@contextmanager
def signed_in(browser: Browser, world: World, origin: str) -> Iterator[Page]:
    context = browser.new_context()
    context.add_cookies([cookie_of(client_of_member(world.owner), origin)])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", list(OUTSIDE))
def test_a_page_for_everybody_is_accessible(outside: Page, world: World, origin: str, name: str) -> None:
    status = 404 if name.endswith("-dead") else 200
    assert examined(outside, origin + world.path(OUTSIDE[name]), name, status=status) == []


@pytest.mark.parametrize("name", list(INSIDE))
def test_a_page_for_members_is_accessible(looking_inside: Page, world: World, origin: str, name: str) -> None:
    assert examined(looking_inside, origin + world.path(INSIDE[name]), name) == []


def test_a_host_name_is_checked_while_it_is_typed(inside: Page, world: World, origin: str) -> None:
    inside.goto(f"{origin}/o/new")
    inside.get_by_label("Host name").press_sequentially(world.tenant.slug)
    inside.get_by_text("This name is taken").wait_for()
    inside.get_by_label("Host name").fill("")
    inside.get_by_label("Host name").press_sequentially("northwind-free")
    inside.get_by_text("is free").wait_for()


def test_a_filter_changes_the_list_and_the_address(inside: Page, world: World, origin: str) -> None:
    inside.goto(world.path(f"{origin}/o/{{slug}}/audit/"))
    inside.get_by_label("Event", exact=True).select_option(label="A person was added")
    inside.wait_for_url("**event=people*")
    rows = inside.locator("#events tbody tr")
    expect(rows.filter(has_not_text="A person was added")).to_have_count(0)
    expect(rows.filter(has_text="A person was added")).not_to_have_count(0)


def test_removing_a_seat_waits_for_the_typed_word(inside: Page, world: World, origin: str) -> None:
    inside.goto(world.path(f"{origin}/o/{{slug}}/members/{{colleague}}"))
    inside.get_by_role("link", name="Remove", exact=True).click()
    inside.get_by_role("button", name="Remove the seat").click()
    inside.get_by_role("link", name="Type the word “remove”").wait_for()
    assert inside.evaluate("document.activeElement.matches('[data-error-summary]')")


def test_what_was_typed_outlives_a_sign_in_that_had_ended(inside: Page, world: World, origin: str) -> None:
    """And only for its reader: the next one at this tab finds the page as it is."""
    inside.set_default_timeout(90_000)
    settings_page = world.path(f"{origin}/o/{{slug}}/settings")
    for member, found in ((world.owner, "Ring the bell"), (world.second, "")):
        inside.context.add_cookies([cookie_of(client_of_member(world.owner), origin)])
        inside.goto(settings_page)
        inside.get_by_label("Help desk contact").fill("Ring the bell")
        inside.context.clear_cookies(name=live.SESSION_COOKIE_NAME)
        inside.get_by_role("button", name="Save").click()
        inside.wait_for_url("**/accounts/login/?next=**", wait_until="domcontentloaded")
        inside.context.add_cookies([cookie_of(client_of_member(member), origin)])
        inside.goto(settings_page)
        if found:
            inside.get_by_text("What you typed is here again").wait_for()
        assert inside.get_by_label("Help desk contact").input_value() == found


def test_a_search_in_an_ended_session_leads_to_sign_in_and_back(
    inside: Page, world: World, origin: str
) -> None:
    inside.set_default_timeout(90_000)
    inside.goto(world.path(f"{origin}/o/{{slug}}/people/?status=active"))
    inside.context.clear_cookies(name=live.SESSION_COOKIE_NAME)
    inside.locator("#filter_q").fill("nov")
    inside.wait_for_url("**/accounts/login/?next=**", wait_until="commit")
    assert "people/%3Fstatus%3Dactive" in inside.url


def test_what_reached_nobody_says_so_and_keeps_what_was_typed(
    inside: Page, world: World, origin: str
) -> None:
    inside.goto(world.path(f"{origin}/o/{{slug}}/people/"))
    inside.route("**/people/?*", lambda route: route.abort())
    inside.locator("#filter_q").fill("nov")
    inside.locator("#toasts").get_by_text("There is no connection").wait_for()
    inside.unroute("**/people/?*")
    inside.route("**/people/?*", lambda route: route.fulfill(status=500, body="no"))
    inside.locator("#filter_q").fill("nova")
    inside.locator("#toasts").get_by_text("The server could not answer").wait_for()
    inside.goto(world.path(f"{origin}/o/{{slug}}/settings"))
    inside.get_by_label("Help desk contact").fill("Ring twice")
    inside.context.set_offline(True)
    inside.get_by_role("button", name="Save").click()
    inside.locator("#toasts").get_by_text("Nothing was sent").wait_for()
    assert inside.get_by_label("Help desk contact").input_value() == "Ring twice"
    inside.context.set_offline(False)
    inside.get_by_role("button", name="Save").click()
    inside.locator("#toasts").get_by_text("Saved.").wait_for()


def test_ticked_people_are_counted_and_their_effect_is_shown(inside: Page, world: World, origin: str) -> None:
    inside.goto(world.path(f"{origin}/o/{{slug}}/people/"))
    inside.get_by_label("All on this page").check()
    inside.get_by_text("2 chosen").wait_for()
    inside.get_by_role("button", name="Suspend…").click()
    inside.get_by_text("2 people can no longer sign in here or recover").wait_for()
    assert violations(inside) == []
