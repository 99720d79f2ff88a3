"""What a thief of the database would find after a recovery, and after a refusal: no image, number, code or pass."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import psycopg
import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.directory.services import create_person
from tests.recovery.journey import Journey, Place
from tests.vendors.hostile import make_jpeg


def shapes(secret: bytes) -> list[bytes]:
    """How a value may lie about: as it is, in hex, in base64 at each of its three offsets."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for offset in range(3):
        encoded = base64.b64encode(b"\x00" * offset + secret)
        found.append(encoded[4 if offset else 0 : -4])
    return found


def dump() -> bytes:
    """Every table of this database, as its owner reads it."""
    with psycopg.connect(os.environ["READMIT_DB_MIGRATOR_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        parts = []
        for (name,) in cursor.fetchall():
            with cursor.copy(f'COPY "{name}" TO STDOUT') as rows:
                parts += [bytes(part) for part in rows]
    return b"".join(parts)


def write_ahead_log() -> bytes:
    """The server's log of changes, as it lies on the disk; it also holds rows that were deleted or overwritten. The server of
    the tests writes it late; one change that waits for the disk takes all before it along."""
    with psycopg.connect(os.environ["READMIT_DB_MIGRATOR_URL"]) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("SELECT pg_logical_emit_message(true, 'last', 'change')")
    folders = Path(os.environ["READMIT_TEST_DATA"]).rglob("pg_wal")
    return b"".join(file.read_bytes() for folder in folders for file in folder.iterdir() if file.is_file())


def assert_no_trace(secrets: dict[str, bytes]) -> None:
    stores = {"tables": dump(), "log of changes": write_ahead_log()}
    for where, content in stores.items():
        assert content, where
        for name, secret in secrets.items():
            for shape in shapes(secret):
                assert shape not in content, (name, where)


def plant(place: Place) -> bytes:
    """Something that must be found, so that finding nothing means something."""
    with tenant_scope(place.tenant.id):
        person = create_person(
            user_name="planted",
            given_names="Planted",
            family_name="Zzyzxcontrol",
            emails=["planted@control.example"],
            actor=SYSTEM,
        )
    return str(person.family_name).encode()


@pytest.mark.parametrize("ending", ["recovered", "refused"])
def test_neither_success_nor_refusal_leaves_a_trace_of_what_was_shown(
    place: Place, browser: Journey, ending: str
):
    place.provider.answers.number = "QX7K93VLM2"
    control = plant(place)
    assert control in dump() and control in write_ahead_log()
    browser.begin("ada")
    code = browser.code_mailed()
    browser.prove().keep().show()
    if ending == "refused":
        place.vision.confidence = 1
        for _number in range(5):
            browser.face()
    secrets = {
        "document number": b"QX7K93VLM2",
        "portrait": make_jpeg()[200:260],
        "credential": browser.wallet.credentials[0][-60:].encode(),
        "clip": b"a recorded answer",
    }
    if ending == "recovered":
        browser.face()
        shown = browser.post("/recover/pass/show").context["shown"].characters
        secrets |= {"pass": shown.encode(), "pass in one word": shown.replace("-", "").encode()}
        browser.use_pass().passkey()
    case = browser.case
    assert case.status == ending
    assert_no_trace(secrets)
    # Six digits occur by chance in any log of changes; the tables hold them only as they were typed.
    assert f"{code}".encode() not in b"".join(
        line for line in dump().splitlines() if case.id.hex.encode() in line.replace(b"-", b"")
    )
