"""Every dangerous combination of settings is named, and the web server does not start on one."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from portal import checks, env
from tests.conftest import make_tenant
from tests.peers.serving import ROOT, environment_of
from tests.tls.conftest import production_origins

SAFE = {
    "IS_PRODUCTION": True,
    "HTTPS": True,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "BROKER_URL": "redis://broker.internal/0",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    **production_origins(443),
    "TENANT_BASE": "readmit-tenants.test",
    "WALLET_ORIGIN": "https://readmit-wallet.example",
    "HOUSE_ORIGIN": "https://house.example.org",
    "SITE_ORIGIN": "https://console.readmit.test",
    "SECRET_KEY": "s" * 50,
    "VISION_TOKEN": "v" * 32,
}
DANGEROUS: list[tuple[dict[str, Any], str]] = [
    ({"HTTPS": False, "SITE_ORIGIN": "http://console.readmit.test"}, "readmit.E001"),
    ({"WALLET_ORIGIN": "http://readmit-wallet.example"}, "readmit.E001"),
    ({"HOUSE_ORIGIN": "http://house.example.org"}, "readmit.E001"),
    ({"EMAIL_BACKEND": checks.LOCAL_MAILBOX}, "readmit.E002"),
    ({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, "readmit.E002"),
    ({"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}, "readmit.E002"),
    ({"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}, "readmit.E002"),
    ({"SECRET_KEY": "short"}, "readmit.E008"),
    ({"VISION_TOKEN": ""}, "readmit.E009"),
    ({"BROKER_URL": "memory://"}, "readmit.E003"),
    ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, "readmit.E004"),
    ({"WALLET_ORIGIN": "https://wallet.readmit.test"}, "readmit.W001"),
    ({"TENANT_BASE": "console.readmit.test"}, "readmit.W001"),
]


def found(settings: Any, changes: Mapping[str, Any]) -> list[str]:
    for name, value in {**SAFE, **changes}.items():
        setattr(settings, name, value)
    return [str(message.id) for message in checks.check_production(None)]


def test_nothing_is_said_about_a_safe_production(settings: Any) -> None:
    assert found(settings, {}) == []


@pytest.mark.parametrize(("changes", "expected"), DANGEROUS)
def test_a_dangerous_combination_is_named(settings: Any, changes: dict[str, Any], expected: str) -> None:
    assert found(settings, changes) == [expected]


def test_development_may_do_all_of_it(settings: Any) -> None:
    for changes, _expected in DANGEROUS:
        assert found(settings, {**changes, "IS_PRODUCTION": False}) == []


def test_one_key_for_two_purposes_is_refused(settings: Any) -> None:
    assert checks.check_keys(None) == []
    settings.PASS_KEY = settings.ROOT_KEY
    assert [message.id for message in checks.check_keys(None)] == ["readmit.E005"]


def test_a_role_that_owns_tables_may_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_database_role(None, databases=["default"]) == []
    for strong in ("migrator", "ops"):
        monkeypatch.setattr(checks, "connections", {"default": connections[strong]})
        (message,) = checks.check_database_role(None, databases=["default"])
        assert message.id == "readmit.E006", strong


def as_migrator(statement: str) -> None:
    with connections["migrator"].cursor() as cursor:
        cursor.execute(statement)


def test_a_role_that_can_become_a_stronger_one_may_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither strong nor an owner itself, but a member of the owner: SET ROLE asks for nothing more."""
    monkeypatch.setattr(checks, "connections", {"default": CanBecome()})
    (message,) = checks.check_database_role(None, databases=["default"])
    assert message.id == "readmit.E006"


class CanBecome:
    """A connection to a database in which the web role is a member of the owner."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def cursor(self) -> Any:
        return self

    def __enter__(self) -> CanBecome:
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def execute(self, statement: str, parameters: Any = None) -> None:
        self.asked.append(statement)

    def fetchone(self) -> tuple[bool]:
        # Not strong itself; owns through its membership.
        return ("relowner" in self.asked[-1] and "MEMBER" in self.asked[-1],)


def test_a_table_of_tenants_without_isolation_is_named() -> None:
    assert checks.check_isolation(None, databases=["default"]) == []
    name = f"bare_{secrets.token_hex(4)}"
    as_migrator(f"CREATE TABLE {name} (tenant_id uuid, secret text)")
    try:
        (message,) = checks.check_isolation(None, databases=["default"])
        assert message.id == "readmit.E007" and name in message.msg
    finally:
        as_migrator(f"DROP TABLE {name}")


def test_a_demonstration_in_production_is_named(settings: Any) -> None:
    demonstration = make_tenant(is_demonstration=True)
    assert checks.check_demonstrations(None, databases=["default"]) == []
    settings.IS_PRODUCTION = True
    (message,) = checks.check_demonstrations(None, databases=["default"])
    assert message.id == "readmit.W002" and demonstration.slug in message.msg


def test_a_mode_that_is_misspelled_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would mean development, with a mailbox that pretends."""
    monkeypatch.setenv("READMIT_MODE", "Production")
    with pytest.raises(ImproperlyConfigured, match="READMIT_MODE"):
        env.choice("READMIT_MODE", ("development", "production"))


def test_the_web_server_does_not_load_with_a_dangerous_setting(tmp_path: Path) -> None:
    """Production with the local mailbox: the process ends and names the check."""
    environment = environment_of(
        production_origins(443),
        READMIT_MODE="production",
        READMIT_EMAIL_BACKEND=checks.LOCAL_MAILBOX,
        READMIT_STATIC_ROOT=str(tmp_path),
    )
    done = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "readmit.E002" in done.stderr


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acme.readmit.example", "readmit.example"),
        ("readmit.co.uk", "readmit.co.uk"),
        ("acme.readmit.co.uk", "readmit.co.uk"),
        ("console.readmit.de", "readmit.de"),
        ("com.de", "com.de"),
    ],
)
def test_what_is_registered_may_be_three_labels(host: str, expected: str) -> None:
    assert checks.registrable_domain(host) == expected
