"""The moment between the end of a partner's session and the worker's note of it."""

from __future__ import annotations

from portal.kit.scope import tenant_scope
from recovery.proofing import begin_case_proofing
from recovery.stages import Stage
from tests.recovery.journey import Journey, Place
from vendors.models import ProofingAttempt


def _end_unnoted(place: Place, browser: Journey) -> None:
    with tenant_scope(place.tenant.id):
        ProofingAttempt.objects.filter(id=browser.case.attempt_id).update(phase="done", outcome="verified")


def test_the_claimant_waits_until_the_result_is_noted(place: Place, browser: Journey) -> None:
    browser.begin("ada").consent()
    _end_unnoted(place, browser)
    assert browser.stage is Stage.PARTNER
    page = browser.client.get("/recover/checking")
    assert page.status_code == 200 and "Checking" in page.content.decode()
    waiting = browser.client.get("/recover/partner", headers={"HX-Request": "true"})
    assert waiting.headers["HX-Redirect"] == "/recover/checking"


def test_no_second_session_begins_before_the_first_is_noted(place: Place, browser: Journey) -> None:
    browser.begin("ada").consent()
    _end_unnoted(place, browser)
    with tenant_scope(place.tenant.id):
        begin_case_proofing(place.tenant, browser.case, network_is_over=False)
        assert ProofingAttempt.objects.filter(reference=browser.case.id).count() == 1
