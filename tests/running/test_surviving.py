"""One recovery while every process is killed in turn, then all of them at once; and what it leaves on the disk."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as NotInTime

from portal.demo.puppet import Puppet
from portal.demo.walk.browsers import visitor
from portal.demo.walk.claimant import Claimant, number_of, specimen_of
from portal.demo.walk.journal import Journal
from portal.kit.ids import short_reference
from tests.running.product import NAMES, Product, wait_for
from tests.running.searching import found_in, piece_of, shapes_of, word

pytestmark = [
    pytest.mark.browser,
    pytest.mark.whole,
    pytest.mark.vision,
    pytest.mark.timeout(900),
]
MEMORY_LIMIT = 1_200_000_000
CARDS = """async () => {
  const database = await new Promise((resolve) => {
    const opening = indexedDB.open("wallet"); opening.onsuccess = () => resolve(opening.result); });
  const cards = await new Promise((resolve) => {
    const asking = database.transaction("cards").objectStore("cards").getAll();
    asking.onsuccess = () => resolve(asking.result); });
  database.close();
  return JSON.stringify(cards);
}"""


@dataclass
class Survived:
    """The journey that went on through everything, and the secrets it saw on its way."""

    reference: str = ""
    code: str = ""
    characters: str = ""
    portrait: bytes = b""
    person: dict[str, str] = field(default_factory=dict)
    memory: int = 0
    audited: list[tuple[int, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def survived(product: Product, browser: Browser) -> Survived:
    seen = Survived(person=dict(product.stand.told["people"][1]))
    with ExitStack() as browsers:
        puppet = Puppet("franck")
        arrived = browsers.enter_context(visitor(browser, Journal(), "claimant", puppet=puppet))
        document = specimen_of(seen.person, puppet.portrait())
        claimant = Claimant(product.stand, arrived, puppet, seen.person, document=document)
        _walk_while_killed(claimant, product, seen)
        product.kill_everything()
        wait_for(lambda: not any(product.pid(name) for name in NAMES))
        product.start_again()
        seen.memory = product.memory()
        _go_on_after_the_fall(claimant, product, seen)
    return seen


def test_a_case_outlives_kill_9_of_every_process(product: Product, survived: Survived) -> None:
    with psycopg.connect(product.database()) as connection:
        cases = connection.execute("SELECT id, status FROM recovery_case").fetchall()
        [(case, status)] = [row for row in cases if short_reference(row[0]) == survived.reference]
        steps = connection.execute(
            "SELECT kind, count(*) FROM recovery_casestep WHERE case_id = %s AND state = 'done' GROUP BY kind",
            [case],
        ).fetchall()
        charged = connection.execute(
            "SELECT meter, count(*) FROM billing_entry WHERE case_id = %s GROUP BY meter", [case]
        ).fetchall()
    assert status == "recovered"
    assert {kind: count for kind, count in steps if count > 1} == {}
    assert {meter: count for meter, count in charged if count > 1} == {}


def test_the_audit_log_still_verifies(survived: Survived) -> None:
    assert [code for code, _ in survived.audited] == [0, 0], survived.audited


def test_it_needs_little_memory_when_nobody_is_there(
    product: Product, survived: Survived, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        told = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in product.starts)
        print(f"\n  {told}, idle memory {survived.memory / 1e6:.0f} MB (PSS)")  # noqa: T201  figures for whoever reads the log
    assert survived.memory < MEMORY_LIMIT


def test_no_secret_of_the_journey_lies_on_the_disk(product: Product, survived: Survived) -> None:
    """The search must first find what was planted: a picture's bytes in the WAL, and words in a log."""
    control = os.urandom(48)
    planted = {f"control {name}": shape for name, shape in shapes_of(control).items()}
    with psycopg.connect(product.database()) as connection:
        connection.execute("SELECT pg_logical_emit_message(true, 'control', %s::bytea)", [control])
    log = product.data.logs / "control.log"
    log.write_text(control.hex() + "\n" + base64.b64encode(b"x" + control).decode() + "\nabc-482913\n")
    places = found_in(product.data.path, planted | {"control word": word("482913")})
    log.unlink()
    assert {place.split(":")[0] for place in places} == {
        *("control raw", "control hex", "control base64 1", "control word")
    }
    assert any("pg_wal" in place for place in places)

    secret = {f"portrait {name}": shape for name, shape in shapes_of(piece_of(survived.portrait)).items()}
    bare = survived.characters.replace("-", "")
    secret |= {
        "code": word(survived.code),
        "number": word(number_of(survived.person)),
        "pass": word(survived.characters),
    }
    secret |= {f"pass {name}": shape for name, shape in shapes_of(bare.encode()).items()}
    assert found_in(product.data.path, secret) == []
    names = {
        name: word(survived.person[name]) for name in ("given_names", "family_name", "birthdate", "email")
    }
    assert found_in(product.data.logs, names) == []


# The journey -------------------------------------------------------------------------------------------------


def _walk_while_killed(claimant: Claimant, product: Product, seen: Survived) -> None:
    with product.without("broker"):
        product.wait_until_ready()
    with product.without("worker"):
        claimant.say_who()
    seen.reference, seen.code = claimant.reference, claimant.read_code()
    claimant.page.get_by_label("Code", exact=True).fill(seen.code)
    claimant.visitor.arrive("**/recover/consent")
    with product.without("house"):
        pass
    claimant.agree()
    claimant.prove_with_camera()
    with product.without("vision"):
        pass
    claimant.show_face_to_partner()
    claimant.come_back()
    os.kill(product.children("web")[-1], signal.SIGKILL)
    product.wait_until_ready()
    claimant.keep_credential()
    seen.portrait = _portrait_in_wallet(claimant)
    with product.without("postgres"):
        pass


def _go_on_after_the_fall(claimant: Claimant, product: Product, seen: Survived) -> None:
    seen.audited.append(_audit(product))
    claimant.page.goto(product.stand.address("hosted", "/recover/checking"))
    _go_to_the_wallet(claimant)
    claimant.show_credential()
    claimant.show_face()
    claimant.page.wait_for_url(re.compile(r"/recover/(pass|waiting|ended)$"))
    assert claimant.page.url.endswith("/recover/pass"), _what_happened(product, seen.reference)
    claimant.page.get_by_text("Show the characters", exact=True).click()
    claimant.page.get_by_role("button", name="Show the characters once").click()
    seen.characters = claimant.page.locator("pre code").inner_text().strip()
    claimant.use_pass()
    claimant.make_passkey()
    seen.audited.append(_audit(product))


def _go_to_the_wallet(claimant: Claimant) -> None:
    """The page goes to the wallet by itself once for each request. Where it did so before the fall, and the same request
    still waits, it leaves that to the person."""
    wallet = re.compile(r"//wallet\.[^/]*/present")
    claimant.page.wait_for_url(re.compile(rf"/recover/present$|{wallet.pattern}"), wait_until="commit")
    try:
        claimant.page.wait_for_url(wallet, timeout=5_000)
    except NotInTime:
        claimant.visitor.tap("Show it from this browser", role="link")


def _what_happened(product: Product, reference: str) -> str:
    """How the case stands and why, for whoever reads the log of a failure."""
    with psycopg.connect(product.database()) as connection:
        cases = connection.execute("SELECT id, status, reasons FROM recovery_case").fetchall()
        [(case, status, reasons)] = [row for row in cases if short_reference(row[0]) == reference]
        steps = connection.execute(
            "SELECT kind, state, reasons FROM recovery_casestep WHERE case_id = %s ORDER BY created_at, id",
            [case],
        ).fetchall()
    return f"{status} {reasons}: {steps}"


def _portrait_in_wallet(claimant: Claimant) -> bytes:
    """The picture itself, out of the disclosures of the card in the browser."""
    for disclosure in re.findall(r"~([A-Za-z0-9_-]{1000,})", claimant.page.evaluate(CARDS)):
        told = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
        if told[1] == "portrait":
            return base64.b64decode(told[2].partition(",")[2])
    raise AssertionError("the card has no portrait")


def _audit(product: Product) -> tuple[int, str]:
    done = product.run("verify_audit_chain", "--json")
    return done.returncode, done.stdout + done.stderr
