"""Every dangerous combination of settings is named, and the web server does not start on one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from portal import checks
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
}
DANGEROUS: list[tuple[dict[str, Any], str]] = [
    ({"HTTPS": False, "SITE_ORIGIN": "http://console.readmit.test"}, "readmit.E001"),
    ({"WALLET_ORIGIN": "http://readmit-wallet.example"}, "readmit.E001"),
    ({"HOUSE_ORIGIN": "http://house.example.org"}, "readmit.E001"),
    ({"EMAIL_BACKEND": checks.LOCAL_MAILBOX}, "readmit.E002"),
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
