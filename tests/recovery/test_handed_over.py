"""A partner that hands over a credential of its own, from the claimant's first page to the passkey."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from portal.sandboxes.partners import pictures
from recovery.profiles import create_profile, publish_profile
from recovery.stages import Stage
from tenants.models import Tenant
from tenants.verified_id import trusting
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.services import turn_on_verified_id
from tests.catalogue.files import listing_file
from tests.conftest import make_tenant
from tests.facecheck.conftest import PaperVision
from tests.holder import disclosed
from tests.recovery.journey import Journey, Place
from tests.vendors.conftest import work
from tests.vendors.simulated import Simulator, Simulators
from vendors import registry
from vendors import services as partners
from vendors.adapters.au10tix.listing import ADAPTER as AU10TIX
from vendors.catalogue.confirming import confirm_contract
from vendors.catalogue.loading import load_listing
from vendors.models import Connection

ADA = {"given": "Ada", "family": "Lovelace", "birthdate": "1985-12-10"}
# Under a name of its own: a confirmation is never taken back, and other tests read that nobody confirmed.
RENAMED = AU10TIX


@pytest.fixture
def partner(simulators: Simulators) -> Simulator:
    return simulators["handoff"]


def connected(tenant: Tenant, partner: Simulator, vendor: str) -> Connection:
    """Its issuer is trusted, and it answered."""
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        trusting.add_trusted_issuer(
            name="The partner",
            purpose=TrustedIssuer.Purpose.IDENTITY,
            did=partner.config["issuer_did"],
            format="dc+sd-jwt",
            actor=SYSTEM,
        )
    work(tenant)
    with tenant_scope(tenant.id):
        made = partners.bring_own_partner(
            vendor, config=partner.config, secrets=partner.secrets, actor=SYSTEM
        )
    work(tenant)
    with tenant_scope(tenant.id):
        return Connection.objects.get(id=made.id)


def profile_of(tenant: Tenant, connection: Connection, mode: str) -> Any:
    with tenant_scope(tenant.id):
        made = create_profile(name="Everyone", mode=mode, partners=[connection.id], actor=SYSTEM)
        return publish_profile(made.id, actor=SYSTEM)


@pytest.fixture
def evaluated(partner: Simulator, vision: PaperVision) -> Place:
    """What is not confirmed is tried in evaluation, by an organisation that is real."""
    tenant = make_tenant()
    connection = connected(tenant, partner, "au10tix")
    profile = profile_of(tenant, connection, "evaluation")
    return Place(tenant, None, vision, profile, connection)  # type: ignore[arg-type]


@pytest.fixture
def confirmed(partner: Simulator, vision: PaperVision, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The partner confirmed the profile of its contract. What a simulator answers is a rehearsal, so the organisation is a
    demonstration."""
    content = listing_file(contract={"status": "not_public", "text": "Nobody can read it."})
    slug = content["slug"]
    assert load_listing("x.json", content).result == "loaded"
    monkeypatch.setattr(
        f"{__name__}.RENAMED", replace(AU10TIX, manifest=replace(AU10TIX.manifest, slug=slug))
    )
    entry = registry.Entry(f"{__name__}.RENAMED", kind="own_contract")
    monkeypatch.setitem(registry.ADAPTERS, slug, entry)
    tenant = make_tenant(is_demonstration=True)
    connection = connected(tenant, partner, slug)
    with pytest.raises(Invalid, match="profile_contract_unconfirmed"):
        profile_of(tenant, connection, "production")
    confirm_contract(slug, on=clock.now().date(), reference="Letter")
    profile = profile_of(tenant, connection, "production")
    return Place(tenant, None, vision, profile, connection)  # type: ignore[arg-type]


def at_partner(browser: Journey, partner: Simulator, scenario: str = "verified") -> dict[str, list[str]]:
    """The person ends it there and comes back: the query of the return."""
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    return parse_qs(urlsplit(partner.finish(link, scenario, **ADA)).query)


def proven(place: Place, partner: Simulator, scenario: str = "verified") -> Journey:
    browser = place.browser().begin("ada").consent()
    return browser.come_back(at_partner(browser, partner, scenario))


def test_somebody_recovers_by_a_credential_that_was_handed_over(confirmed: Place, partner: Simulator):
    ada = confirmed.person()
    browser = proven(confirmed, partner)
    assert browser.stage is Stage.CREDENTIAL, browser.outcome()
    browser.keep()
    (card,) = browser.wallet.credentials
    claims = disclosed(card)
    assert (claims["given_name"], claims["family_name"], claims["birthdate"]) == tuple(ADA.values())
    assert claims["partner"] == confirmed.connection.vendor
    portrait = base64.b64decode(claims["portrait"].partition(",")[2])
    assert portrait == pictures.drawn(), "the card has the portrait that was handed over"
    browser.show()
    assert browser.stage is Stage.FACE, (browser.stage, browser.outcome())
    browser.face()
    assert portrait in confirmed.vision.pictures[-1], "the face is compared with the card"
    assert browser.stage is Stage.PASS, (browser.stage, browser.outcome(), browser.decided())
    browser.use_pass()
    authenticator = browser.passkey()
    assert browser.outcome()[0] == "recovered" and browser.bound_to() == ada.id
    assert browser.sign_in(authenticator).status_code == 200
    assert browser.held(ada) == ["credential", "document_number"]
    assert [(meter, billable) for meter, billable, _why in browser.usage()] == [
        ("decision", True),
        ("face_check", True),
    ]


def test_another_face_than_that_of_the_handed_over_portrait_ends_it(confirmed: Place, partner: Simulator):
    confirmed.person()
    browser = proven(confirmed, partner).keep().show()
    confirmed.vision.confidence = 3
    for _try in range(5):
        if browser.stage is Stage.FACE:
            browser.face()
    assert browser.outcome() == ("refused", ["face_check_failed"])
    assert browser.credential() == "revoked"


def test_in_evaluation_it_goes_as_far_as_the_decision_and_changes_nothing(
    evaluated: Place, partner: Simulator
):
    ada = evaluated.person()
    browser = proven(evaluated, partner).keep().show()
    browser.face()
    assert (browser.case.status, browser.stage) == ("evaluated", Stage.ENDED)
    assert browser.decided()["in_production"] == "approved"
    assert browser.credential() == "revoked"
    assert browser.bound_to() is None and browser.held(ada) == []


@pytest.mark.parametrize(
    "fault",
    ["credential_revoked", "another_issuer", "another_holder", "shown_before", "credential_of_before"],
)
def test_a_credential_that_is_not_good_gives_no_card_and_costs_nothing(
    confirmed: Place, partner: Simulator, fault: str
):
    confirmed.person()
    browser = confirmed.browser().begin("ada").consent()
    partner.misbehave(fault)
    browser.come_back(at_partner(browser, partner))
    assert browser.stage is not Stage.CREDENTIAL
    assert "proofed" not in browser.done() and browser.credential() == "none"
    assert not any(billable for _meter, billable, _why in browser.usage())


def test_a_credential_without_a_portrait_gives_no_card(confirmed: Place, partner: Simulator):
    confirmed.person()
    browser = proven(confirmed, partner, "missing_portrait")
    assert browser.outcome() == ("refused", ["proofing_refused"])
    assert browser.credential() == "none"


def test_trust_that_was_withdrawn_on_the_way_gives_no_card(confirmed: Place, partner: Simulator):
    confirmed.person()
    browser = confirmed.browser().begin("ada").consent()
    query = at_partner(browser, partner)
    with tenant_scope(confirmed.tenant.id):
        trusting.remove_trusted_issuer(TrustedIssuer.objects.get().id, actor=SYSTEM)
    browser.come_back(query)
    assert browser.stage is not Stage.CREDENTIAL
    assert "proofed" not in browser.done()
