"""Partners that keep a record, through the claimant's own pages: the browser's return is a hint, the record the answer."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from recovery.profiles import create_profile, publish_profile
from recovery.stages import Stage
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_tenant
from tests.facecheck.conftest import PaperVision
from tests.recovery.journey import Journey, Place
from tests.vendors.conftest import work
from tests.vendors.simulated import Simulator, Simulators
from vendors import services as partners

ADA = {"given": "Ada", "family": "Lovelace", "birthdate": "1985-12-10"}


@pytest.fixture(params=["persona", "stripe_identity"])
def simulator(request: pytest.FixtureRequest, simulators: Simulators) -> Simulator:
    return simulators[request.param]


@pytest.fixture
def place(simulator: Simulator, vision: PaperVision) -> Place:
    return _place(simulator, vision)


def _place(simulator: Simulator, vision: PaperVision, *, mode: str = "production") -> Place:
    """What a simulator answers is a rehearsal, so the organisation is a demonstration."""
    tenant = make_tenant(is_demonstration=True)
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        connection = partners.bring_own_partner(
            simulator.key, config=simulator.config, secrets=simulator.secrets, actor=SYSTEM
        )
        profile = create_profile(name="Everyone", mode=mode, partners=[connection.id], actor=SYSTEM)
    work(tenant)
    with tenant_scope(tenant.id):
        profile = publish_profile(profile.id, actor=SYSTEM)
    return Place(tenant, None, vision, profile, connection)  # type: ignore[arg-type]


def at_partner(browser: Journey, simulator: Simulator, scenario: str = "verified") -> dict[str, list[str]]:
    """The person ends it there and comes back: the query of the return."""
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    return parse_qs(urlsplit(simulator.finish(link, scenario, **ADA)).query)


def test_somebody_recovers_from_the_first_page_to_the_passkey(place: Place, simulator: Simulator):
    ada, browser = place.person(), place.browser()
    browser.begin("ada").consent()
    browser.come_back(at_partner(browser, simulator))
    browser.keep().show().face()
    assert browser.stage is Stage.PASS, (browser.stage, browser.outcome())
    browser.use_pass().passkey()
    assert browser.outcome()[0] == "recovered" and browser.bound_to() == ada.id
    assert browser.usage()[0][:2] == ("decision", True)


def test_a_contract_that_nobody_confirmed_is_for_evaluation_and_its_capture_leads_back(
    simulators: Simulators, vision: PaperVision
):
    simulator = simulators["idemia"]
    with pytest.raises(Invalid, match="profile_contract_unconfirmed"):
        _place(simulator, vision)
    place = _place(simulator, vision, mode="evaluation")
    place.person()
    browser = place.browser().begin("ada").consent()
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    assert link.startswith(f"{simulator.origin}/capture?identity=gips-")
    page = simulator.follow(link)
    browser.come_back(parse_qs(urlsplit(simulator.finish(page, "verified", **ADA)).query))
    assert browser.stage is Stage.CREDENTIAL, browser.outcome()


def test_a_browser_that_never_comes_back_finds_the_answer_on_its_own_page(place: Place, simulator: Simulator):
    place.person()
    browser = place.browser().begin("ada").consent()
    at_partner(browser, simulator)
    with clock.frozen(clock.now() + timedelta(seconds=45)):
        browser.work()  # the plan asks: nobody came back, nothing was told
    browser.get("/recover/partner")
    assert browser.stage is Stage.CREDENTIAL


def test_a_return_in_another_browser_changes_nothing(place: Place, simulator: Simulator):
    place.person()
    browser = place.browser().begin("ada").consent()
    query = at_partner(browser, simulator)
    stranger = place.browser()
    stranger.come_back(query)
    assert stranger.last.status_code == 200 and b"not" in stranger.last.content
    assert "Lovelace" not in stranger.last.content.decode()


def test_a_refusal_that_may_be_tried_again_leads_to_a_new_session(
    simulators: Simulators, vision: PaperVision
):
    simulator = simulators["stripe_identity"]
    place = _place(simulator, vision)
    place.person()
    browser = place.browser().begin("ada").consent()
    browser.come_back(at_partner(browser, simulator, "document_expired"))
    assert browser.stage is Stage.PROVE, browser.outcome()
    browser.post("/recover/prove")
    browser.work()
    browser.come_back(at_partner(browser, simulator))
    assert browser.stage is Stage.CREDENTIAL
    assert [row[1] for row in browser.usage()] == [False, True]
