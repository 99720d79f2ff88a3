"""Steps out of order do nothing, codes carry a case once and only while they may, and "this was not me" always works."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import CarryCode, Case
from recovery.passkeys.saved_codes import make_saved_codes
from recovery.repudiation import make_repudiation_link
from recovery.stages import Stage
from recovery.statuses import MOVES, CaseStatus
from tests.holder import path_of
from tests.recovery.journey import Journey, Place

# Every address of the journey that acts, with what it takes to act there.
ACTIONS: list[tuple[str, str, dict[str, str], set[Stage]]] = [
    ("post", "/recover/code", {"code": "000000"}, {Stage.CODE}),
    ("post", "/recover/code/saved", {"code": "0000000000000000"}, {Stage.CODE}),
    ("post", "/recover/code/again", {}, {Stage.CODE}),
    ("post", "/recover/consent", {"agree": "on"}, {Stage.CONSENT}),
    ("post", "/recover/hand-over", {}, {Stage.CONSENT, Stage.PROVE}),
    (
        "post",
        "/recover/continuation-code",
        {},
        {Stage.PROVE, Stage.PARTNER, Stage.CREDENTIAL, Stage.PRESENT, Stage.FACE},
    ),
    ("post", "/recover/prove", {}, {Stage.PROVE}),
    ("get", "/recover/prove", {}, {Stage.PROVE}),
    ("get", "/recover/partner", {}, {Stage.PARTNER}),
    ("post", "/recover/credential/offer", {"wallet": "other"}, {Stage.CREDENTIAL}),
    ("post", "/recover/credential/again", {}, {Stage.PRESENT}),
    ("get", "/recover/present", {}, {Stage.PRESENT}),
    ("post", "/recover/present/elsewhere", {}, {Stage.PRESENT}),
    ("get", "/recover/present/progress", {}, {Stage.PRESENT}),
    ("get", "/recover/presented?response_code=abc", {}, {Stage.PRESENT}),
    ("get", "/recover/face", {}, {Stage.FACE}),
    ("post", "/recover/face/clip", {}, {Stage.FACE}),
    ("post", "/recover/face/without-colours", {}, {Stage.FACE}),
    ("get", "/recover/pass", {}, {Stage.PASS}),
    ("post", "/recover/pass/use", {}, {Stage.PASS}),
    ("post", "/recover/pass/show", {}, {Stage.PASS}),
    ("get", "/recover/passkey", {}, {Stage.PASSKEY}),
    ("post", "/recover/passkey/options", {}, {Stage.PASSKEY}),
    ("get", "/recover/done", {}, {Stage.DONE}),
    ("get", "/recover/receipt", {}, {Stage.DONE}),
]
# What a page may write down without being a step: a person's look at a page keeps nothing.
COUNTED = ("recovery", "verified_id", "vendors", "facecheck", "access_pass", "passkeys", "audit", "billing")


def rows(place: Place) -> dict[str, int]:
    """How many rows each of the tenant's tables holds."""
    with tenant_scope(place.tenant.id):
        return {
            model._meta.label: model.objects.count()
            for app in COUNTED
            for model in apps.get_app_config(app).get_models()
            if hasattr(model, "tenant_id") and "tenant_id" in {field.name for field in model._meta.fields}
        }


def try_everything(browser: Journey) -> None:
    """Every action that does not belong to the stage: the browser is sent where the case is, and nothing is written."""
    stage, before, status = browser.stage, rows(browser.place), browser.outcome()
    for method, path, data, stages in ACTIONS:
        if stage in stages:
            continue
        answer = getattr(browser, method)(path, data) if method == "post" else browser.get(path)
        assert answer.status_code in {303, 403}, (stage, path, answer.status_code)
    assert (browser.stage, browser.outcome()) == (stage, status)
    browser.work()
    after = rows(browser.place)
    assert after == before, {
        name: (before[name], count) for name, count in after.items() if count != before[name]
    }


def test_no_step_works_at_another_stage(place: Place, browser: Journey):
    browser.who("ada")
    try_everything(browser)
    browser.confirm()
    try_everything(browser)
    browser.consent()
    assert browser.stage is Stage.PARTNER
    query = browser.at_partner()
    try_everything(browser)
    browser.come_back(query)
    try_everything(browser)
    browser.keep()
    try_everything(browser)
    browser.show()
    try_everything(browser)
    browser.face()
    assert browser.stage is Stage.PASS
    try_everything(browser)
    browser.use_pass()
    try_everything(browser)
    browser.passkey()
    assert browser.stage is Stage.DONE
    try_everything(browser)


def test_no_step_works_after_the_end_or_without_a_case(place: Place, browser: Journey):
    browser.who("ada")
    browser.post("/recover/cancel")
    browser.work()
    assert browser.stage is Stage.ENDED
    try_everything(browser)
    stranger = place.browser()
    before = rows(place)
    for method, path, data, _stages in ACTIONS:
        answer = stranger.post(path, data) if method == "post" else stranger.get(path)
        assert answer.status_code in {303, 404}, path
    assert rows(place) == before


# ------------------------------------------------------------------ carrying


def hand_over(browser: Journey) -> str:
    from recovery.carrying import make_hand_over

    with tenant_scope(browser.place.tenant.id):
        return path_of(make_hand_over(browser.place.tenant, browser.case))


def test_a_hand_over_moves_the_case_and_the_computer_is_told_so(place: Place, browser: Journey):
    link, phone = hand_over(browser.begin("ada")), place.browser()
    assert phone.get(link).status_code == 200
    assert browser.stage is Stage.CONSENT
    assert phone.post(link).status_code == 303
    assert phone.stage is Stage.CONSENT
    page = browser.get("/recover/consent")
    assert "recovery/on_phone.html" in [template.name for template in page.templates]
    phone.prove().keep().show().face()
    assert phone.stage is Stage.PASS
    assert "recovery/on_phone.html" in [template.name for template in browser.get("/recover/pass").templates]
    assert browser.post("/recover/passkey/options").status_code == 404


def assert_dead(browser: Journey, link: str) -> None:
    answer = browser.post(link)
    kind = "not_me" if "/not-me/" in link else "code"
    assert f"recovery/{kind}_dead.html" in [template.name for template in answer.templates]


def test_a_hand_over_works_once(place: Place, browser: Journey):
    link, phone, thief = hand_over(browser.begin("ada")), place.browser(), place.browser()
    phone.post(link)
    assert_dead(thief, link)
    assert phone.stage is Stage.CONSENT


def test_a_hand_over_is_over_after_ten_minutes(place: Place, browser: Journey):
    link = hand_over(browser.begin("ada"))
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)):
        assert_dead(place.browser(), link)
    assert browser.stage is Stage.CONSENT


def test_a_hand_over_is_over_once_proofing_began(place: Place, browser: Journey):
    link = hand_over(browser.begin("ada"))
    browser.consent()
    assert_dead(place.browser(), link)
    assert browser.stage is Stage.PARTNER
    assert browser.post("/recover/hand-over").status_code == 303


def test_a_continuation_code_stolen_with_the_mailbox_needs_the_card_and_a_face_which_is_not_charged(
    place: Place, browser: Journey
):
    browser.to_face()
    place.vision.confidence = 10
    browser.face()
    place.vision.confidence = 90
    thief = place.carry(browser.continuation())
    assert thief.stage is Stage.PRESENT
    assert thief.get("/recover/face").url == "/recover/present"
    assert thief.post("/recover/face/clip", b"x", content_type="a/b").url == "/recover/present"
    thief.wallet = browser.wallet
    thief.show()
    place.vision.confidence = 10
    for _number in range(4):
        thief.face()
    assert thief.outcome() == ("refused", ["face_check_failed"])
    assert_gone_elsewhere(browser, is_over=True)


def assert_gone_elsewhere(browser: Journey, *, is_over: bool = False) -> None:
    """The browser that lost its case says where it went, and how to stop it; once it is over, whom to call."""
    page = browser.get("/recover/checking")
    assert "recovery/went_on.html" in [template.name for template in page.templates]
    assert (b"This was not me" in page.content) is not is_over
    assert b"call your help desk" in page.content


@pytest.mark.parametrize("until", ["partner", "credential", "present", "face"])
def test_a_stolen_continuation_code_alone_takes_nothing_from_its_person(
    place: Place, browser: Journey, until: str
):
    """The person is asked by mail, and goes on in their own browser as if nothing had happened."""
    browser.begin("ada").consent()
    query = browser.at_partner()
    if until != "partner":
        browser.come_back(query)
    if until in {"present", "face"}:
        browser.keep()
    if until == "face":
        browser.show()
    stage = browser.stage
    thief = place.ask_to_continue(browser.continuation())
    assert browser.stage is stage
    assert browser.notices() == ["confirmation_code", "continuation_code"]
    assert (
        browser.events()[-1] == "notice:notice:send" and "recovery:case:ask_to_continue" in browser.events()
    )
    for path in ("/recover/credential", "/recover/present", "/recover/face", "/recover/pass"):
        assert thief.get(path).url == "/recover/continue/code"
    assert thief.post("/recover/credential/again").url == "/recover/continue/code"
    assert thief.post("/recover/cancel").url == "/recover/start" or thief.last.url == "/recover/"
    if until == "partner":
        browser.come_back(query)
    if until in {"partner", "credential"}:
        browser.keep()
    if until != "face":
        browser.show()
    browser.face()
    assert browser.stage is Stage.PASS
    thief.post("/recover/continue/code", {"code": browser.code_mailed()})
    assert "recovery/code_dead.html" in [template.name for template in thief.last.templates]
    assert browser.stage is Stage.PASS


def test_a_continuation_code_from_before_a_hold_is_dead_after_it(place: Place, browser: Journey, ada):
    """It is worth nothing once the case was decided, also where the decision leads back to proving."""
    with tenant_scope(place.tenant.id):
        ada.addresses.create(kind="email", value="new@evil.example")
    browser.to_face()
    code = browser.continuation()
    browser.face()
    assert browser.case.status == "held"
    with tenant_scope(place.tenant.id):
        CarryCode.objects.update(expires_at=clock.now() + timedelta(days=2))
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=30)):
        browser.work()
        assert browser.stage is Stage.PRESENT
        answer = place.browser().post("/recover/continue", {"code": code})
        assert answer.context["form"].errors and browser.stage is Stage.PRESENT


def test_a_case_that_moved_browsers_is_not_charged_for_a_second_face(place: Place, browser: Journey):
    browser.to_face()
    moved = place.ask_to_continue(browser.continuation())
    browser.get("/recover/face")
    browser.clip()
    moved.post("/recover/continue/code", {"code": browser.code_mailed()})
    moved.wallet = browser.wallet
    moved.work().show().face()
    assert moved.stage is Stage.PASS
    faces = [entry for entry in moved.usage() if entry[0] == "face_check"]
    assert faces == [("face_check", True, "decided"), ("face_check", False, "moved_browsers")]


def test_in_the_same_browser_a_continuation_code_changes_nothing(place: Place, browser: Journey):
    browser.to_face()
    browser.post("/recover/continue", {"code": browser.continuation()})
    assert browser.stage is Stage.FACE and "recovery:case:ask_to_continue" not in browser.events()


# ------------------------------------------------------------------ this was not me


@pytest.mark.parametrize("status", list(CaseStatus), ids=lambda status: status.value)
def test_not_me_at_every_status_stops_what_can_be_stopped(place: Place, ada, status: CaseStatus):
    place.old_passkey(ada)
    browser = place.browser().who("ada")
    with tenant_scope(place.tenant.id):
        make_saved_codes(ada.id, actor=SYSTEM)
        Case.objects.filter(id=browser.case.id).update(status=status.value)
        links = [path_of(make_repudiation_link(place.tenant, browser.case)) for _number in range(2)]
    assert browser.get(links[0]).status_code == 200 and browser.case.status == status.value
    assert browser.post(links[0]).status_code == 200
    browser.work()
    gave_account = status in {CaseStatus.GRANTED, CaseStatus.HANDED_OVER, CaseStatus.RECOVERED}
    gave = gave_account or status is CaseStatus.ENROLLED
    target = CaseStatus.REPUDIATED if gave else CaseStatus.CANCELED
    expected = target if MOVES.allows(status, target) else status
    assert browser.case.status == expected.value
    assert browser.events().count("person:recovery:repudiate") == 1
    assert browser.usable_passkeys(ada) == (0 if gave_account else 1)
    assert browser.notices().count("repudiated") == (2 if gave_account else 0)
    moved = browser.events().count("recovery:case:move")
    assert_dead(browser, links[0])
    browser.post(links[1])
    browser.work()
    assert browser.case.status == expected.value
    assert browser.events().count("recovery:case:move") == moved


def test_what_a_repudiated_recovery_left_to_be_recognised_by_is_forgotten(
    place: Place, browser: Journey, ada
):
    """Otherwise the thief's document would count as held before, and no namesake would stand in their way."""
    browser.to_end()
    assert browser.held(ada) == ["credential", "document_number"]
    browser.post(browser.links_mailed()[-1])
    browser.work()
    assert browser.case.status == "repudiated"
    assert browser.held(ada) == [] and browser.bound_to() is None
    again = place.browser().to_face()
    again.face()
    assert again.outcome() == ("held", ["repudiated_recently", "not_me_before"])


def test_a_document_held_before_a_repudiated_case_stays_held(place: Place, browser: Journey, ada):
    browser.to_end()
    second = place.browser().to_end()
    second.post(second.links_mailed()[-1])
    second.work()
    assert "document_number" in second.held(ada)


def test_the_link_of_another_tenant_or_after_a_week_is_dead(place: Place, browser: Journey, other_tenant):
    from tests.conftest import client_of

    browser.who("ada")
    link = browser.links_mailed()[-1]
    client_of(other_tenant).post(link)
    assert browser.case.status == "opened"
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)):
        assert_dead(browser, link)
    assert browser.case.status == "opened"


def test_a_case_nobody_goes_on_with_ends_by_itself(place: Place, browser: Journey):
    from recovery.expiring import expire_cases_of

    browser.to_pass()
    with clock.frozen(clock.now() + timedelta(minutes=71)), tenant_scope(place.tenant.id):
        assert expire_cases_of(place.tenant) == 1
        later = clock.now()
    with clock.frozen(later):
        browser.work()
    assert browser.outcome() == ("expired", ["time_over"])
    assert browser.credential() == "revoked"


def test_a_cookie_that_was_known_before_a_case_began_holds_nothing_of_it(place: Place, ada):
    """Somebody prepared this browser, or read its cookie while it had no case."""
    planted = "planted-by-somebody-else"
    victim, thief = place.browser(), place.browser()
    for browser in (victim, thief):
        browser.client.cookies[settings.JOURNEY_COOKIE_NAME] = planted
    victim.begin("ada")
    assert victim.client.cookies[settings.JOURNEY_COOKIE_NAME].value != planted
    assert thief.get("/recover/consent").url == "/recover/"
    before = victim.client.cookies[settings.JOURNEY_COOKIE_NAME].value
    victim.who("ada")
    assert victim.client.cookies[settings.JOURNEY_COOKIE_NAME].value != before


def test_continuing_in_the_same_browser_keeps_its_cookie_and_another_gets_a_new_one(place: Place, ada):
    browser = place.browser().begin("ada").consent()
    own = browser.client.cookies[settings.JOURNEY_COOKIE_NAME].value
    code = browser.post("/recover/continuation-code").context["code"]
    browser.post("/recover/continue", {"code": code})
    assert browser.client.cookies[settings.JOURNEY_COOKIE_NAME].value == own
    code = browser.post("/recover/continuation-code").context["code"]
    other = place.browser()
    other.client.cookies[settings.JOURNEY_COOKIE_NAME] = "planted"
    other.post("/recover/continue", {"code": code})
    assert other.client.cookies[settings.JOURNEY_COOKIE_NAME].value not in {"planted", own}
    assert (
        browser.client.cookies[settings.JOURNEY_COOKIE_NAME].value == own and browser.stage is Stage.PARTNER
    )
