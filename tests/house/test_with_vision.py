"""The house partner with the real vision process: specimens before it, a puppet before the camera of a real browser."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, TimeoutError

from portal.demo.puppet import Puppet
from portal.demo.specimens.photograph import photograph_of
from portal.demo.specimens.rendering import render, specimen
from portal.embedded import broker, databases
from portal.embedded.data import REPOSITORY
from portal.embedded.testing import create_database, drop_database
from tests.house.conftest import House, house_environment, serve
from tests.house.person import Person
from tests.house.relying_party import RETURN, RelyingParty
from vendors.facecheck.engine.liveness.challenge import Challenge
from vendors.facecheck.engine.liveness.clip import write_clip
from vendors.facecheck.vision.client import VisionClient

pytestmark = [pytest.mark.vision]
PERSON = "franck"
TOKEN = "vision-token-for-the-tests-of-the-house"


@pytest.fixture(scope="module")
def vision(services: dict[str, str]) -> Iterator[str]:
    """Its address."""
    if "READMIT_MODELS" not in services:
        assert os.environ.get("CI") != "true", "the models are not here"
        pytest.skip("the models are not here")
    port = broker.free_port()
    env = {
        "PATH": os.environ["PATH"],
        "READMIT_VISION_TOKEN": TOKEN,
        "READMIT_MODELS": services["READMIT_MODELS"],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "vendors.facecheck.vision", "--port", str(port), "--threads", "1"],
        cwd=REPOSITORY,
        env=env | {"PYTHONPATH": str(REPOSITORY)},
    )
    client = VisionClient(f"http://127.0.0.1:{port}", TOKEN)
    try:
        until = time.monotonic() + 90
        while not client.healthy():
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.2)
        yield client.url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def seeing(services: dict[str, str], vision: str) -> Iterator[House]:
    """The house partner as it is, except that static files come straight from their folders."""
    name = f"house_{uuid.uuid4().hex[:12]}"
    port = broker.free_port()
    whole = create_database(services, name, owner=databases.HOUSE)
    env = house_environment(whole, port, "tests.house.settings_with_vision")
    own = {"READMIT_VISION_URL": vision, "READMIT_VISION_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory(prefix="readmit-house-") as folder:
        try:
            yield from serve(env | own | {"READMIT_STATIC_ROOT": folder}, port, Path(folder) / "house.log")
        finally:
            drop_database(services, name)


@cache
def photographed(identity: str, kind: str = "passport", **changes: object) -> bytes:
    """A specimen with this puppet's portrait from another moment, as a good telephone sees it on a desk."""
    data = specimen(
        given_names="Anna Maria",
        family_name="Eriksson",
        birthdate=date(1974, 8, 12),
        portrait=Puppet(identity).portrait(),
        random=Random(3),
        kind=kind,  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )
    page = render(data, random=Random(3))
    return photograph_of(page, background="desk", level="good", random=Random(7), size=(2560, 1440))


def prove_face(person: Person, puppet: Puppet) -> None:
    challenge = Challenge.from_json(person.challenge())
    recorded = write_clip(puppet.answers(challenge, seed=5))
    # The engine refuses an answer that comes sooner than the challenge lasts: that is what is waited for.
    time.sleep(challenge.duration_ms / 1000)
    done = person.post(f"{person.check}/face", files={"clip": recorded}, json=True)
    assert done.status == 200, done.text
    person.open(done.json()["next"])


def begin(seeing: House, *, kind: str, demonstration: bool = True) -> Person:
    """Somebody who is asked for their document."""
    party = RelyingParty.register(seeing.origin, seeing.token, readmit_demonstration=demonstration)
    person = Person(seeing.origin)
    _, url = party.begin()
    person.arrive(url)
    person.consent()
    person.choose(kind)
    return person


def test_somebody_else_with_that_passport_is_not(seeing: House) -> None:
    person = begin(seeing, kind="passport")
    person.open(person.photograph(photographed(PERSON), json=True).json()["next"])
    prove_face(person, Puppet("cap12"))
    assert person.at.endswith("/face") and "We could not confirm it is you" in person.page


def test_a_specimen_is_refused_outside_a_demonstration(seeing: House) -> None:
    person = begin(seeing, kind="passport", demonstration=False)
    person.photograph(photographed(PERSON))
    assert person.at.endswith("/document") and "This is a specimen" in person.page


def test_both_sides_of_a_card_and_its_portrait_close_up_are_read(seeing: House) -> None:
    person = begin(seeing, kind="idcard")
    puppet = Puppet(PERSON)
    answer = person.photograph(
        photographed(PERSON, "id_card_front"),
        closeup=photograph_of(
            puppet.portrait(), background="plain", level="good", random=Random(9), size=(1280, 960)
        ),
        back=photographed(PERSON, "id_card_back"),
        json=True,
    )
    assert answer.status == 200, answer.text
    person.open(answer.json()["next"])
    assert person.at.endswith("/face"), person.page


def test_a_close_up_of_somebody_else_is_asked_for_again(seeing: House) -> None:
    person = begin(seeing, kind="idcard")
    answer = person.photograph(
        photographed(PERSON, "id_card_front"),
        closeup=photograph_of(
            Puppet("cap12").portrait(), background="plain", level="good", random=Random(9), size=(1280, 960)
        ),
        back=photographed(PERSON, "id_card_back"),
        json=True,
    )
    assert answer.status == 422 and list(answer.json()["problems"]) == ["closeup"], answer.text


@pytest.fixture
def page(seeing: House, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    puppet = Puppet(PERSON)
    puppet.install(context)
    puppet.show_document(photographed(PERSON))
    opened = context.new_page()
    opened.route(f"{RETURN}**", lambda route: route.fulfill(status=200, body="back at the party"))
    try:
        yield opened
    finally:
        context.close()


def choose_way(page: Page, way: str) -> None:
    """Through the page's own list of ways, whether or not the camera was opened first."""
    other, turn_on = (
        page.get_by_role("button", name=name) for name in ("Choose the other way", "Turn on the camera")
    )
    with suppress(TimeoutError):
        other.click(timeout=10_000)
    page.locator("label", has_text=way).first.click()
    turn_on.click()


@pytest.mark.browser
def test_the_whole_way_in_a_browser_with_a_camera(seeing: House, page: Page) -> None:
    """Without coloured light; with it, the walk through the whole product goes this way."""
    party = RelyingParty.register(seeing.origin, seeing.token, readmit_demonstration=True)
    journey, url = party.begin()
    page.goto(url)
    page.get_by_role("button", name="Agree and continue").click()
    page.locator("label", has_text="Passport").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Take the photograph").click()
    page.get_by_role("button", name="Use this photograph").click()
    page.wait_for_url("**/face", timeout=60_000)
    choose_way(page, "Without coloured light")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name="It is confirmed").wait_for(timeout=120_000)
    # The page may go on by itself before anybody presses the button.
    page.evaluate("document.querySelector('main form').requestSubmit()")
    page.wait_for_url(f"{RETURN}**")
    code = party.read_return(journey, page.url)
    assert urlsplit(page.url).netloc == "rp.example"
    told = party.verify(journey, party.exchange(journey, code).json()["id_token"])["verified_claims"]
    assert told["claims"]["family_name"] == "ERIKSSON"
    assert told["claims"]["birthdate"] == "1974-08-12"
    attachment = told["verification"]["evidence"][0]["attachments"][0]
    assert party.fetch(attachment).body.startswith(b"\xff\xd8\xff")
