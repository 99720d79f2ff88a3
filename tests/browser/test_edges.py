"""What real devices do to the pages with a camera: each edge is explained, and no take is lost to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.camera_pages import face_check, opened, partner_document, partner_face

pytestmark = pytest.mark.browser

HIDE = """Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
document.dispatchEvent(new Event('visibilitychange'));"""
TURN = "screen.orientation.dispatchEvent(new Event('change'))"
CALL = "cameras.tracks.at(-1).stop(); cameras.tracks.at(-1).dispatchEvent(new Event('ended'))"
FACES = [pytest.param(partner_face, id="partner"), pytest.param(face_check, id="face_check")]
Draw = Callable[[], str]


@pytest.fixture(scope="module")
def one_device(browser: Browser) -> Iterator[BrowserContext]:
    """A new process of the browser for each test would cost more than the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context
    context.close()


@pytest.fixture
def device(one_device: BrowserContext) -> Iterator[BrowserContext]:
    yield one_device
    for page in one_device.pages:
        page.close()


def start(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()


@pytest.mark.parametrize("draw", FACES)
def test_a_camera_that_cannot_be_opened_is_explained_and_opens_later(
    device: BrowserContext, draw: Draw
) -> None:
    page, _ = opened(device, draw, camera="cameras.fails = 'NotAllowedError';")
    for error, code in (
        ("NotAllowedError", "refused"),
        ("NotFoundError", "missing"),
        ("NotReadableError", "in_use"),
        ("OverconstrainedError", "unfit"),
    ):
        page.evaluate("name => { cameras.fails = name; }", error)
        page.get_by_role("button", name="Turn on the camera").click()
        expect(page.locator(f"[data-camera-error={code}]")).to_be_visible()
        assert page.locator("[role=alert] [data-camera-error]:visible").count() == 1
    page.evaluate("cameras.fails = ''")
    page.get_by_role("button", name="Turn on the camera").click()
    expect(page.get_by_role("heading", name="Get ready")).to_be_focused()
    expect(page.locator("[data-camera-error]:visible")).to_have_count(0)


def test_a_camera_that_is_taken_away_before_the_start_is_noticed(device: BrowserContext) -> None:
    page, _ = opened(device, face_check)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.evaluate(CALL)
    expect(page.locator("[data-camera-error=stopped]")).to_be_visible()
    page.get_by_role("button", name="Turn on the camera").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def test_a_camera_without_a_document_leaves_the_files_of_the_device(device: BrowserContext) -> None:
    page, _ = opened(device, partner_document, camera="cameras.fails = 'NotFoundError';")
    expect(page.locator("[data-camera-error=missing]")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_visible()
    page.evaluate("cameras.fails = ''")
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the photograph").click()
    page.get_by_role("button", name="Take it again").click()
    page.evaluate(CALL)
    expect(page.locator("[data-camera-error=stopped]")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_visible()


@pytest.mark.parametrize(
    ("draw", "happens"),
    [
        pytest.param(partner_face, HIDE, id="hidden"),
        pytest.param(partner_face, TURN, id="turned"),
        pytest.param(face_check, CALL, id="taken"),
    ],
)
def test_a_challenge_that_is_broken_off_sends_nothing(
    device: BrowserContext, draw: Draw, happens: str
) -> None:
    page, server = opened(device, draw)
    start(page)
    page.locator("[data-phase]").wait_for(state="attached")
    page.evaluate(happens)
    expect(page.get_by_role("heading", name="The recording stopped")).to_be_focused()
    assert [path for path, _ in server.posts if "challenge" not in path] == []


@pytest.mark.parametrize("draw", FACES)
def test_a_second_press_on_start_changes_nothing(device: BrowserContext, draw: Draw) -> None:
    page, server = opened(device, draw)
    page.get_by_role("button", name="Start", exact=True).wait_for()
    with page.expect_navigation(url="**/next"):
        page.locator("[data-act=start]").evaluate("button => { button.click(); button.click(); }")
    assert len(server.posted("/challenge")) <= 1
    assert len(server.posted("/check" if draw is partner_face else "/clip")) == 1


def test_no_network_at_the_start_costs_no_try(device: BrowserContext) -> None:
    page, server = opened(device, partner_face)
    page.get_by_role("button", name="Start", exact=True).wait_for()
    server.offline = True
    start(page)
    expect(page.locator("[data-no-connection]")).to_be_visible()
    server.offline = False
    with page.expect_navigation(url="**/next"):
        start(page)


@pytest.mark.parametrize("draw", FACES)
def test_a_recording_outlives_a_lost_network_and_is_sent_once_it_is_back(
    device: BrowserContext, draw: Draw
) -> None:
    page, server = opened(device, draw)
    server.broken = "/check" if draw is partner_face else "/clip"
    start(page)
    lost = "The connection broke off" if draw is partner_face else "The connection was lost"
    expect(page.get_by_role("heading", name=lost)).to_be_visible()
    sending, server.broken = server.broken, ""
    with page.expect_navigation(url="**/next"):
        page.evaluate("window.dispatchEvent(new Event('online'))")
    sent = server.posted(sending)
    assert len(sent) == 1
    assert b"RDMCLIP1" in sent[0]


def test_a_photograph_outlives_a_lost_network(device: BrowserContext) -> None:
    page, server = opened(device, partner_document)
    page.get_by_role("button", name="Take the photograph").click()
    server.offline = True
    page.get_by_role("button", name="Use this photograph").click()
    expect(page.get_by_role("heading", name="The connection broke off")).to_be_focused()
    server.offline = False
    with page.expect_navigation(url="**/next"):
        page.get_by_role("button", name="Send them now").click()
    assert len(server.posted("/check")) == 1


def test_a_face_check_that_was_open_for_long_is_drawn_anew_and_not_recorded(device: BrowserContext) -> None:
    page, server = opened(device, lambda: face_check(minutes=0.4))
    page.get_by_role("button", name="Start", exact=True).wait_for()
    with page.expect_navigation(url="**/check"):
        start(page)
    assert (server.loads, server.posts) == (2, [])


def test_the_light_meter_says_what_to_change(device: BrowserContext) -> None:
    page, _ = opened(device, partner_face, camera="cameras.shade = 10;")
    expect(page.get_by_text("It is too dark. Turn towards a light.")).to_be_visible()
    page.evaluate("cameras.shade = 210")
    expect(page.get_by_text("It is too bright for the colours to be seen.")).to_be_visible()
    page.evaluate("cameras.shade = 130")
    expect(page.get_by_text("The light is good.")).to_be_visible()


def test_without_a_network_nothing_is_sent_and_the_page_says_so(device: BrowserContext) -> None:
    page, server = opened(device, face_check)
    page.get_by_role("button", name="Start", exact=True).wait_for()
    device.set_offline(True)
    try:
        expect(page.get_by_text("There is no connection.")).to_be_visible()
        page.get_by_role("button", name="Get a code to continue later").click()
        assert server.posts == []
    finally:
        device.set_offline(False)
    expect(page.get_by_text("There is no connection.")).to_be_hidden()
