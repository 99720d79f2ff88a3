"""Recovering with an EU wallet: on this device or from another, in the browser that began, from consent to passkey."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
import zxingcpp

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.profiles import create_profile, publish_profile
from recovery.stages import Stage
from recovery.statuses import StepKind
from tenants.directory.models import HeldEvidence
from tenants.directory.selectors import national_id_digest
from tenants.verified_id.models import Presentation, TrustedIssuer
from tests.conftest import client_of, make_tenant
from tests.facecheck.conftest import PaperVision
from tests.kit.test_qr import _pixels
from tests.recovery.journey import Journey, Place
from tests.vendors.conformance.eu_pid import prepare, present
from tests.vendors.conftest import work
from tests.vendors.simulated import Simulator, Simulators
from vendors import services
from vendors.models import Connection, ProofingAttempt
from vendors.planning import plan_fetch

NUMBER = "AT-4711-XY"
ADA = {"given": "Ada", "family": "Lovelace", "birthdate": "1985-12-10", "number": NUMBER}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def wallet(simulators: Simulators) -> Simulator:
    return simulators["eu_pid"]


@pytest.fixture
def place(wallet: Simulator, vision: PaperVision) -> Place:
    tenant = make_tenant(is_demonstration=True)
    prepare(tenant, wallet)
    with tenant_scope(tenant.id):
        made = services.bring_own_partner("eu_pid", config=wallet.config, secrets={}, actor=SYSTEM)
    work(tenant)
    with tenant_scope(tenant.id):
        connection = Connection.objects.get(id=made.id)
        assert (connection.status, connection.problems) == ("ready", [])
        drafted = create_profile(name="Everyone", mode="production", partners=[made.id], actor=SYSTEM)
        profile = publish_profile(drafted.id, actor=SYSTEM)
    return Place(tenant, None, vision, profile, connection)  # type: ignore[arg-type]


def began(place: Place, user_name: str = "ada") -> Journey:
    place.person(user_name)
    browser = place.browser()
    browser.who(user_name).confirm()
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    browser.post("/recover/consent", {"agree": "on", "partner": named})
    return browser.work()


def attempt_of(browser: Journey) -> ProofingAttempt:
    with tenant_scope(browser.place.tenant.id):
        return ProofingAttempt.objects.filter(reference=browser.case.id).latest("created_at")


def ask_now(browser: Journey) -> Journey:
    """The plan's next question, without waiting for it."""
    browser.work()
    with tenant_scope(browser.place.tenant.id):
        row = ProofingAttempt.objects.select_for_update().get(id=browser.case.attempt_id)
        row.fetched_at, row.fetch_due_at = None, None
        row.save()
        plan_fetch(row, clock.now())
    return browser.work()


def link_on(browser: Journey) -> str:
    (link,) = re.findall(r'href="([^"]*/wallet\?[^"]*)"', browser.get("/recover/eid").content.decode())
    return str(unescape(link))


def code_on(browser: Journey) -> str:
    """What a camera reads off the page."""
    page = browser.get("/recover/eid?app=elsewhere").content.decode()
    (svg,) = re.findall(r"<svg[^>]*class=\"segno\".*?</svg>", page, re.S)
    (code,) = zxingcpp.read_barcodes(_pixels(svg))
    return str(code.text)


def come_back(browser: Journey, told: dict[str, str]) -> str:
    parts = urlsplit(told["redirect_uri"])
    return str(browser.client.get(f"{parts.path}?{parts.query}").url)


def test_somebody_recovers_on_this_device_without_a_face_and_is_known_by_their_number(
    place: Place, wallet: Simulator
) -> None:
    browser = began(place)
    assert browser.get("/recover/partner").url == "/recover/eid"
    told = present(wallet, place.tenant, link_on(browser), "verified", **ADA)
    assert come_back(browser, told) == "/recover/checking"
    browser.work().keep().show().work()
    assert browser.stage is Stage.PASS, (browser.stage, browser.outcome(), browser.decided())
    browser.use_pass().passkey()
    assert browser.outcome()[0] == "recovered" and StepKind.FACE_CHECKED not in browser.done()
    attempt = attempt_of(browser)
    assert attempt.assurance == [{"framework": "eidas", "level": "high", "eid": "high"}]
    with tenant_scope(place.tenant.id):
        held = HeldEvidence.objects.get(kind="national_id")
        assert held.digest == national_id_digest(NUMBER, "AUT") and NUMBER not in held.digest
        # Nothing of what was shown outlives the recovery.
        assert not Presentation.objects.exclude(sealed=None).exists()


def test_a_code_on_a_computer_is_answered_by_a_wallet_elsewhere(place: Place, wallet: Simulator) -> None:
    browser = began(place)
    told = present(wallet, place.tenant, code_on(browser), "verified", **ADA)
    assert told == {"status": "200"}, "the wallet sends nobody anywhere"
    ask_now(browser)
    assert browser.get("/recover/eid/state", headers=HTMX).headers["HX-Redirect"] == "/recover/credential"
    browser.keep().show().work()
    assert browser.stage is Stage.PASS


def test_what_somebody_was_talked_into_showing_comes_back_to_their_own_browser_and_opens_nothing(
    place: Place, wallet: Simulator
) -> None:
    """The link is relayed: the victim's wallet answers it, and sends the victim's browser back."""
    browser = began(place)
    told = present(wallet, place.tenant, link_on(browser), "verified", **ADA)
    parts = urlsplit(told["redirect_uri"])
    victim = client_of(place.tenant)
    assert victim.get(f"{parts.path}?{parts.query}").status_code == 200, "the neutral page"
    ask_now(browser)
    assert browser.stage is Stage.PARTNER and attempt_of(browser).phase == "waiting_for_user"


@pytest.mark.parametrize("query", ["", "&response_code=" + "x" * 43])
def test_coming_back_with_another_code_or_none_proves_nothing(
    place: Place, wallet: Simulator, query: str
) -> None:
    browser = began(place)
    told = present(wallet, place.tenant, link_on(browser), "verified", **ADA)
    parts = urlsplit(told["redirect_uri"])
    own = next(each for each in parts.query.split("&") if each.startswith("state="))
    browser.client.get(f"{parts.path}?{own}{query}")
    browser.work()
    assert browser.stage is Stage.PROVE and attempt_of(browser).outcome == "partner_failed"


def test_a_code_that_was_used_is_no_second_answer_and_a_wallet_answers_once(
    place: Place, wallet: Simulator
) -> None:
    browser = began(place)
    link = link_on(browser)
    told = present(wallet, place.tenant, link, "verified", **ADA)
    assert present(wallet, place.tenant, link, "verified", **{**ADA, "family": "Byron"}) == {"refused": "404"}
    for _again in range(2):
        come_back(browser, told)
        browser.work()
    assert browser.stage is Stage.CREDENTIAL and attempt_of(browser).contradicted_at is None


def test_whoever_says_no_in_the_wallet_is_back_with_a_sentence(place: Place, wallet: Simulator) -> None:
    browser = began(place)
    told = present(wallet, place.tenant, link_on(browser), "canceled")
    come_back(browser, told)
    browser.work()
    assert browser.stage is Stage.PROVE
    assert "was stopped" in browser.get("/recover/prove").content.decode()


def test_a_pid_that_was_taken_back_refuses_and_one_whose_status_nobody_tells_decides_nothing(
    place: Place, wallet: Simulator
) -> None:
    browser = began(place)
    come_back(browser, present(wallet, place.tenant, link_on(browser), "revoked", **ADA))
    browser.work()
    assert browser.outcome()[0] == "refused"
    wallet.misbehave("status_unavailable")
    other = began(place, "grace")
    come_back(other, present(wallet, place.tenant, link_on(other), "verified", **ADA))
    other.work()
    assert other.stage is Stage.PROVE and attempt_of(other).outcome == "partner_failed"


def test_a_provider_that_is_trusted_no_more_proves_nobody_who_is_on_their_way(
    place: Place, wallet: Simulator
) -> None:
    browser = began(place)
    told = present(wallet, place.tenant, link_on(browser), "verified", **ADA)
    with tenant_scope(place.tenant.id):
        TrustedIssuer.objects.all().delete()
    come_back(browser, told)
    browser.work()
    assert browser.stage is Stage.PROVE and attempt_of(browser).outcome == "partner_failed"


def test_the_request_ran_out_and_a_press_makes_another(place: Place, wallet: Simulator) -> None:
    browser = began(place)
    before = link_on(browser)
    with tenant_scope(place.tenant.id):
        Presentation.objects.update(expires_at=clock.now())
    ask_now(browser)
    page = browser.get("/recover/eid").content.decode()
    assert "ran out" in page and "/wallet?" not in page
    browser.post("/recover/eid/again")
    assert link_on(browser.work()) != before


def test_without_a_certificate_or_anybody_to_believe_nothing_is_asked(
    wallet: Simulator, place: Place
) -> None:
    tenant = make_tenant()
    with tenant_scope(tenant.id):
        made = services.bring_own_partner("eu_pid", config=wallet.config, secrets={}, actor=SYSTEM)
    work(tenant)
    with tenant_scope(tenant.id):
        assert Connection.objects.get(id=made.id).problems[0]["code"] == "authority_missing"
    with tenant_scope(place.tenant.id):
        TrustedIssuer.objects.all().delete()
        services.ask_for_test(place.connection.id, actor=SYSTEM)
    work(place.tenant)
    with tenant_scope(place.tenant.id):
        row = Connection.objects.get(id=place.connection.id)
        assert (row.status, row.problems[0]["code"]) == ("failing", "pid_issuers_missing")
