"""A recovery by an eID in a real browser: added in the console, chosen on the pages, and no camera is ever opened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo.walk.administrator import Administrator
from portal.demo.walk.browsers import visitor
from portal.demo.walk.claimant import Claimant
from portal.demo.walk.journal import Journal
from portal.demo.walk.stand import Stand
from portal.demo.walk.walking import finish_recovery, new_claimant
from portal.embedded.data import REPOSITORY
from portal.kit.ids import short_reference
from tests.browser.conftest import Rows
from tests.vendors.simulated import Simulator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.whole,
    pytest.mark.vision,
    pytest.mark.timeout(1200),
]
# On every page of the walk, whoever serves it.
NO_CAMERA = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () => {
  window.cameraWasOpened(); throw new Error("no"); };"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    made = Simulator("oidc", tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.stop()


def connect(stand: Stand, broker: Simulator, folder: Path) -> None:
    """As an operator does it; the product is another process."""
    config = folder / "mitid.json"
    config.write_text(json.dumps({**broker.settings, "acr": "urn:grn:authn:dk:mitid:substantial"}))
    plain = {name: value for name, value in os.environ.items() if not name.startswith("READMIT_")}
    plain.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, str(REPOSITORY / "manage.py"), "connect_vendor", "--data", str(stand.data)]
    told = ["--tenant", str(stand.told["tenant"]), "--vendor", "mitid", "--config", str(config)]
    asked = subprocess.run([*command, *told], env=plain, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr


def set_second_partner(page: Page, name: str) -> None:
    page.get_by_label("If it does not answer").select_option(label=name)
    page.get_by_role("button", name="Save profile").click()
    page.wait_for_load_state()


def prove_by_eid(claimant: Claimant) -> None:
    page, go = claimant.page, claimant.visitor
    go.arrive("**/recover/choose")
    expect(page.get_by_text("With your passport or identity card and your camera")).to_be_visible()
    go.tap("Use my eID")
    go.arrive("**/recover/consent")
    page.get_by_label("I agree that I am checked by my eID").check()
    go.tap("Agree and continue")
    page.get_by_role("heading", name="Choose how it ends").wait_for()
    page.get_by_label("Given names").fill(claimant.person["given_names"])
    page.get_by_label("Family name").fill(claimant.person["family_name"])
    page.get_by_label("Date of birth").fill(claimant.person["birthdate"])
    go.tap("End it this way")
    go.tap(page.get_by_role("link", name="Back to"))
    claimant.come_back()


def test_a_lost_passkey_is_recovered_by_an_eid_and_no_camera_is_opened(
    browser: Browser, stand: Stand, journal: Journal, rows: Rows, broker: Simulator, tmp_path: Path
) -> None:
    connect(stand, broker, tmp_path)
    with ExitStack() as browsers:
        desk = browsers.enter_context(visitor(browser, journal, "administrator", desk=True))
        administrator = Administrator(stand, desk)
        administrator.sign_in()
        profiles = next(address for label, address in administrator.entries() if label == "Profiles")
        desk.page.goto(f"{stand.site}{profiles}")
        desk.page.get_by_role("link", name="Everyone").first.click()
        desk.page.get_by_label("If it does not answer").wait_for()
        set_second_partner(desk.page, "MitID")
        expect(desk.page.locator("#effect")).to_contain_text("There is a way without a face: by MitID.")
        try:
            claimant = new_claimant(browser, stand, journal, browsers)
            claimant.person = dict(stand.told["people"][1])
            opened: list[str] = []
            claimant.visitor.context.expose_function("cameraWasOpened", lambda: opened.append("camera"))
            claimant.visitor.context.add_init_script(NO_CAMERA)
            claimant.say_who()
            claimant.page.get_by_label("Code", exact=True).fill(claimant.read_code())
            prove_by_eid(claimant)
            claimant.open_wallet()
            claimant.take_card()
            claimant.be_asked()
            assert "portrait" not in claimant.page.locator("main").inner_text().lower()
            claimant.visitor.tap("Share")
            finish_recovery(claimant)
            assert opened == []
        finally:
            set_second_partner(desk.page, "Nobody")
    found = [
        row
        for row in rows("SELECT id, status, route FROM recovery_case")
        if short_reference(row[0]) == claimant.reference
    ]
    assert [(status, route) for _id, status, route in found] == [("recovered", "eid")]
    kinds = {kind for (kind,) in rows("SELECT kind FROM recovery_casestep WHERE case_id = %s", found[0][0])}
    assert "face_checked" not in kinds and "passkey_registered" in kinds
    assert rows("SELECT 1 FROM billing_entry WHERE case_id = %s AND meter = 'face_check'", found[0][0]) == []
    assert journal.troubles == []
