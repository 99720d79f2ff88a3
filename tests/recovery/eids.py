"""An organisation whose people may prove who they are by an eID: a simulator of a broker, beside a document partner or alone.

What a simulator answers is a rehearsal, so the organisation is a demonstration.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.profiles import create_profile, publish_profile
from recovery.statuses import Route
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_tenant
from tests.facecheck.conftest import PaperVision
from tests.recovery.journey import Journey, Place
from tests.vendors.conftest import work
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, make_jpeg
from tests.vendors.simulated import Simulator
from vendors import services as partners
from vendors.models import Connection

ADA = {"given": "Ada", "family": "Lovelace", "birthdate": "1985-12-10", "number": "L01X00T47"}
LOW, SUBSTANTIAL, HIGH = (f"urn:grn:authn:dk:mitid:{level}" for level in ("low", "substantial", "high"))


def bring_eid(broker: Simulator, vendor: str = "mitid", acr: str = SUBSTANTIAL) -> Connection:
    return partners.bring_own_partner(
        vendor, config={**broker.config, "acr": acr}, secrets=broker.secrets, actor=SYSTEM
    )


def make_eid_place(
    broker: Simulator,
    vision: PaperVision,
    *,
    document: HostileProvider | None = None,
    mode: str = "production",
    acr: str = SUBSTANTIAL,
    vendor: str = "mitid",
    **values: object,
) -> Place:
    """With a `document` partner named first, where there is one."""
    tenant = make_tenant(is_demonstration=True)
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        eid = bring_eid(broker, vendor, acr)
        named = [eid.id]
        if document is not None:
            document.answers.portrait = document.answers.portrait or make_jpeg()
            made = partners.bring_own_partner(
                "oidc",
                config={"issuer": document.issuer, "client_id": CLIENT_ID},
                secrets={"client_secret": CLIENT_SECRET},
                actor=SYSTEM,
            )
            named = [made.id, eid.id]
        profile = create_profile(name="Everyone", mode=mode, partners=named, actor=SYSTEM, **values)
    work(tenant)
    with tenant_scope(tenant.id):
        profile = publish_profile(profile.id, actor=SYSTEM)
    return Place(tenant, document, vision, profile, eid)  # type: ignore[arg-type]


def choose(browser: Journey, route: Route = Route.EID) -> Journey:
    browser.post("/recover/choose", {"route": route.value})
    return browser


def agree(browser: Journey) -> Journey:
    """To the partner that the page names, and on to it."""
    named = browser.get("/recover/consent").context["form"]["partner"].value()
    browser.post("/recover/consent", {"agree": "on", "partner": named})
    return browser.work()


def sign_in(
    browser: Journey, broker: Simulator, scenario: str = "verified", **person: str
) -> dict[str, list[str]]:
    """With the eID at the broker: the query of the return."""
    link = browser.get("/recover/partner", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    page = broker.follow(link)
    return parse_qs(urlsplit(broker.finish(page, scenario, **{**ADA, **person})).query)


def prove_by_eid(browser: Journey, broker: Simulator, scenario: str = "verified", **person: str) -> Journey:
    """From the consent to the card."""
    agree(browser)
    return browser.come_back(sign_in(browser, broker, scenario, **person))
