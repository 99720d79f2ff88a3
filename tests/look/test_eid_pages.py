"""The pages of the route without a face, in a browser: what the person reads, and what staff read of it."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from playwright.sync_api import Browser

from portal.kit.countries import ANOTHER
from portal.kit.origins import tenant_origin
from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from recovery.statuses import Route
from tests.facecheck.conftest import PaperVision, vision
from tests.look.drawing import answer_by
from tests.look.looking import examined
from tests.recovery.eids import agree, choose, make_eid_place, sign_in
from tests.vendors.conftest import provider
from tests.vendors.hostile import HostileProvider
from tests.vendors.simulated import Simulators

__all__ = ["provider", "vision"]


def test_its_pages_are_sound_wide_and_narrow_in_light_and_dark(
    browser: Browser,
    simulators: Simulators,
    provider: HostileProvider,
    vision: PaperVision,
    staff_client: Callable[..., Client],
) -> None:
    broker = simulators["oidc"]
    place = make_eid_place(broker, vision, document=provider)
    place.person("ada")
    journey = place.browser()
    context = browser.new_context()
    answer_by(context, journey.client)
    page, found = context.new_page(), list[str]()

    def look(path: str, name: str) -> None:
        found.extend(examined(page, tenant_origin(place.tenant.slug) + path, f"eid-{name}"))

    look("/recover/", "start")
    journey.who("ada").confirm()
    look("/recover/choose", "choose")
    choose(journey, Route.DOCUMENT)
    look("/recover/consent", "consent-document")
    agree(journey)
    journey.come_back({**journey.at_partner(), "error": ["access_denied"]})
    look("/recover/prove", "prove-document")
    choose(journey)
    look("/recover/consent", "consent-eid")
    agree(journey)
    assert journey.stage is Stage.PARTNER
    look("/recover/partner", "partner")
    journey.come_back({**sign_in(journey, broker), "error": ["access_denied"]})
    look("/recover/prove", "prove-eid")
    journey.post("/recover/prove")
    journey.work().come_back(sign_in(journey, broker)).keep()
    look("/recover/present", "present")
    there = place.carry(journey.continuation())
    context.unroute("**/*")
    answer_by(context, there.client)
    look("/recover/prove", "prove-again")
    named = list(place.profile.partners)
    conditions = {named[0]: {"countries": ["DE", "PL"]}, named[1]: {"countries": ["CZ"]}}
    place.set_profile(partner_conditions=conditions)
    abroad = place.browser().who("ada").confirm()
    context.unroute("**/*")
    answer_by(context, abroad.client)
    look("/recover/country", "country")
    abroad.post("/recover/country", {"country": "CZ"})
    look("/recover/consent", "consent-country")
    abroad.post("/recover/country", {"country": ANOTHER})
    look("/recover/consent", "no-partner")
    context.close()
    context = browser.new_context()
    staff = staff_client(of=place.tenant)
    answer_by(context, staff)
    page = context.new_page()
    with tenant_scope(place.tenant.id):
        case, profile = there.case.public_id, place.profile.public_id
    site = f"http://localhost:8000/o/{place.tenant.slug}/recovery"
    found += examined(page, f"{site}/cases/{case}", "eid-case")
    found += examined(page, f"{site}/profiles/{profile}/", "eid-profile")
    found += examined(page, f"{site}/profiles/{profile}/publish", "eid-publish")
    found += examined(page, f"{site}/profiles/applies?who=ada", "eid-applies")
    context.close()
    assert found == []
