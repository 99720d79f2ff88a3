"""What is kept, and that it goes: sealed, at most half an hour, nothing in the log."""

from __future__ import annotations

from pathlib import Path

from tests.house.conftest import House
from tests.house.person import Person
from tests.house.pretend import PORTRAIT
from tests.house.relying_party import RelyingParty

SECRETS = (b"ERIKSSON", b"ANNA MARIA", b"L898902C3", b"1974-08-12", PORTRAIT)


def test_the_database_never_holds_a_name_or_portrait_in_the_clear(
    house: House, party: RelyingParty, person: Person
) -> None:
    journey, url = party.begin()
    code = party.read_return(journey, person.prove(url))
    assert _found(house) == []
    party.exchange(journey, code)
    assert _found(house) == []


def test_facts_are_gone_with_the_exchange_and_the_portrait_with_its_fetch(
    house: House, party: RelyingParty, person: Person
) -> None:
    journey, url = party.begin()
    code = party.read_return(journey, person.prove(url))
    assert house.rows("SELECT count(*) FROM house_check WHERE facts_sealed IS NOT NULL") != [(0,)]
    token = party.exchange(journey, code).json()["id_token"]
    evidence = party.verify(journey, token)["verified_claims"]["verification"]["evidence"][0]
    attachment = evidence["attachments"][0]
    name = attachment["url"].rpartition("/")[2]
    assert _portrait(house, name)[0] is not None
    wrong = party.fetch(attachment | {"access_token": "wrong"})
    assert wrong.status == 401 and "Bearer" in wrong.headers["www-authenticate"]
    assert party.fetch(attachment | {"access_token": ""}).status == 401
    assert party.fetch(attachment).body == PORTRAIT
    assert _portrait(house, name) == (None, None, None)
    assert party.fetch(attachment).status == 401
    assert house.rows(
        "SELECT count(*) FROM house_check WHERE stage = 'handed_over' AND facts_sealed IS NOT NULL"
    ) == [(0,)]


def test_what_nobody_asks_for_is_purged_in_time(house: House, party: RelyingParty, person: Person) -> None:
    _, url = party.begin()
    person.prove(url)
    house.rows("UPDATE house_check SET expires_at = now() - interval '1 second'")
    house.rows("UPDATE house_portrait SET expires_at = now() - interval '1 second'")
    house.rows("UPDATE house_pushedrequest SET expires_at = now() - interval '2 hours'")
    purged = house.run("purge_house")
    assert purged.returncode == 0, purged.stderr
    assert house.rows(
        "SELECT count(*) FROM house_portrait WHERE sealed IS NOT NULL OR data_key IS NOT NULL"
    ) == [(0,)]
    assert house.rows("SELECT count(*) FROM house_check WHERE facts_sealed IS NOT NULL") == [(0,)]
    assert house.rows("SELECT count(*) FROM house_pushedrequest") == [(0,)]


def test_the_record_of_a_check_goes_after_thirty_days(
    house: House, party: RelyingParty, person: Person
) -> None:
    _, url = party.begin()
    person.prove(url)
    house.rows("UPDATE house_check SET expires_at = now() - interval '31 days'")
    house.run("purge_house")
    house.run("purge_house")
    assert house.rows("SELECT count(*) FROM house_check") == [(0,)]


def test_an_expired_portrait_is_not_handed_over_even_before_it_is_purged(
    house: House, party: RelyingParty, person: Person
) -> None:
    journey, url = party.begin()
    code = party.read_return(journey, person.prove(url))
    token = party.exchange(journey, code).json()["id_token"]
    evidence = party.verify(journey, token)["verified_claims"]["verification"]["evidence"][0]
    house.rows("UPDATE house_portrait SET expires_at = now() - interval '1 second'")
    assert party.fetch(evidence["attachments"][0]).status == 401


def test_the_log_has_codes_and_no_values(house: House, party: RelyingParty, person: Person) -> None:
    journey, url = party.begin()
    code = party.read_return(journey, person.prove(url))
    party.exchange(journey, code, code_verifier="w" * 43)
    log = Path(house.env["READMIT_STATIC_ROOT"], "house.log").read_bytes()
    assert b"invalid_grant" in log
    for secret in (*SECRETS, code.encode(), party.secret.encode(), journey.verifier.encode()):
        assert secret not in log


def test_production_refuses_demonstration_clients(house: House, demonstration_party: RelyingParty) -> None:
    production = {
        "READMIT_MODE": "production",
        "READMIT_HOUSE_ORIGIN": "https://house.example",
        "DJANGO_SETTINGS_MODULE": "vendors.house.settings",
    }
    found = house.run("check", "--database", "default", **production)
    assert found.returncode != 0 and "house.E004" in found.stderr
    house.run("disable_demonstration_clients")
    fine = house.run("check", "--database", "default", **production)
    assert fine.returncode == 0, fine.stderr


def test_production_needs_an_encrypted_origin_and_a_vision_process(house: House) -> None:
    found = house.run("check", READMIT_MODE="production", READMIT_VISION_TOKEN="")
    assert "house.E001" in found.stderr and "house.E002" in found.stderr


def test_the_migrations_are_those_of_the_models(house: House) -> None:
    made = house.run(
        "makemigrations", "--check", "--dry-run", DJANGO_SETTINGS_MODULE="vendors.house.settings"
    )
    assert made.returncode == 0, made.stdout


def _found(house: House) -> list[str]:
    """Tables whose text holds one of the secrets, in the clear or as the hexadecimal of bytes."""
    tables = [
        str(row[0]) for row in house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    wanted = [text for secret in SECRETS for text in (secret.hex(), secret.decode("latin-1"))]
    found = []
    for table in tables:
        rows = house.rows(f'SELECT t::text FROM "{table}" t')
        found += [table for (row,) in rows for text in wanted if text in str(row)]
    return found


def _portrait(house: House, public_id: str) -> tuple[object, ...]:
    from portal.kit.ids import parse_public_id

    return house.rows(
        "SELECT sealed, data_key, token_digest FROM house_portrait WHERE id = %s",
        parse_public_id("portrait", public_id),
    )[0]
