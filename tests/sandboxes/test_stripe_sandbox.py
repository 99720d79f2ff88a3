"""Where the sandbox may be and where not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from portal import checks
from portal.embedded.data import REPOSITORY
from tests.sandboxes.served import Sandbox


def _manage(sandbox: Sandbox, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, env=sandbox.env | env, capture_output=True, text=True
    )


@pytest.mark.parametrize("mode", ["production", "Production", "prod"])
def test_it_is_refused_in_production(sandbox: Sandbox, mode: str) -> None:
    found = _manage(sandbox, "-m", "django", "check", READMIT_MODE=mode)
    assert found.returncode != 0 and "stripe_sandbox.E001" in found.stderr
    started = _manage(sandbox, "-c", "import portal.sandboxes.stripe.wsgi", READMIT_MODE=mode)
    assert started.returncode != 0 and "stripe_sandbox.E001" in started.stderr


def test_it_is_refused_at_an_address_of_another_machine(sandbox: Sandbox) -> None:
    origin = "https://stripe.example.org"
    found = _manage(sandbox, "-m", "django", "check", READMIT_STRIPE_SANDBOX_ORIGIN=origin)
    assert found.returncode != 0 and "stripe_sandbox.E002" in found.stderr


def test_its_migrations_are_those_of_its_models(sandbox: Sandbox) -> None:
    found = _manage(sandbox, "-m", "django", "makemigrations", "--check", "--dry-run")
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("base", "key", "production", "expected"),
    [
        ("", "", True, []),
        ("", "sk_live_x", True, []),
        ("http://127.0.0.1:8002", "sk_test_x", False, []),
        ("http://127.0.0.1:8002", "sk_test_x", True, ["readmit.E010"]),
        ("http://127.0.0.1:8002", "sk_live_x", False, ["readmit.E011"]),
        ("http://127.0.0.1:8002", "", False, ["readmit.E011"]),
    ],
)
def test_the_product_takes_its_word_only_in_development_and_with_a_test_key(
    settings: Any, base: str, key: str, production: bool, expected: list[str]
) -> None:
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY, settings.IS_PRODUCTION = base, key, production
    settings.STRIPE_WEBHOOK_SECRET = "whsec_x"
    assert [message.id for message in checks.check_stripe(None)] == expected


@pytest.mark.parametrize(("key", "expected"), [("", []), ("sk_live_x", ["readmit.E012"])])
def test_a_key_without_the_secret_of_its_webhooks_is_refused(
    settings: Any, key: str, expected: list[str]
) -> None:
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "", key, ""
    assert [message.id for message in checks.check_stripe(None)] == expected
