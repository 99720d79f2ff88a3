"""`manage.py simulator KEY`: one partner simulator by itself, until it is stopped."""

from __future__ import annotations

import ctypes
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandParser

from portal.kit.errors import Refused, Unavailable
from tenants.management.operating import DONE, UNKNOWN, OperatingCommand

# The simulators are reached by address and imported by nobody: what there is stands here as well, and a test compares.
KEYS = ("bankid_se", "claims", "eu_pid", "handoff", "idemia", "oidc", "persona", "stripe_identity")
FIRST_PORT = 10
# Where a simulator that asks for a client certificate does so, above its own port.
TLS_ABOVE = 30
START_SECONDS = 30.0
LAST_PORT = 65_535
PR_SET_PDEATHSIG = 1


class Command(OperatingCommand):
    help = (
        "Run the simulator of one verification partner, or of an organisation's own claim check (claims), on this machine until it is stopped. It prints what to enter in the "
        "console or to give to connect_vendor; its page lets a person choose how a session ends, and what goes wrong."
    )
    exit_codes = (
        "Exit codes: 0 stopped, 1 refused (production mode, unknown scenario), 2 it could not be started (one sentence on\n"
        "standard error says why)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("key", metavar="KEY", choices=KEYS, help=", ".join(KEYS))
        parser.add_argument("--port", type=int, metavar="N", help="default: ten and more above the site's")
        parser.add_argument(
            "--scenario", metavar="NAME", default="", help="every session ends this way at once"
        )
        parser.add_argument(
            "--webhook", metavar="URL", default="", help="where events are sent, on this machine"
        )

    def answer(self, options: Mapping[str, Any]) -> tuple[int, Mapping[str, Any] | None]:
        if settings.IS_PRODUCTION:
            raise Refused(
                "simulator_in_production", "A simulator verifies nobody and is refused in production."
            )
        port = _own_port(options["key"]) if options["port"] is None else options["port"]
        _require_free(port)
        process = subprocess.Popen(  # noqa: S603 (a program of ours, named above)
            _program(port),
            env=_environment(options, port),
            cwd=settings.ROOT,
            stdout=sys.stderr,
            preexec_fn=_end_with_us,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_given: process.terminate())
        try:
            told = _wait(process, port)
            if options["scenario"] and options["scenario"] not in told["scenarios"]:
                known = ", ".join(told["scenarios"])
                raise Refused(
                    "scenario_unknown", f"There is no scenario {options['scenario']}. There are: {known}."
                )
            shown = {
                "key": options["key"],
                "address": _origin(options["key"], port),
                "config": told["settings"],
                "scenarios": list(told["scenarios"]),
            }
            self.stdout.write(json.dumps(shown) if options["json"] else self.words(shown))
            self.stdout.flush()
            process.wait()
        finally:
            process.terminate()
            process.wait()
        return DONE if process.returncode in (0, -signal.SIGTERM) else UNKNOWN, None

    def words(self, told: Mapping[str, Any]) -> str:
        config = json.dumps(told["config"], indent=2)
        return f"The simulator of {told['key']} answers at {told['address']}. For connect_vendor --config:\n{config}"


def _require_free(port: int) -> None:
    """The server shares a port with whoever else is willing to, and each would get some of the requests."""
    if not 0 < port <= LAST_PORT:
        raise Unavailable("port_unusable", f"--port is a number from 1 to {LAST_PORT}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise Unavailable(
                "port_taken", f"Port {port} cannot be had ({problem.strerror}): choose another with --port."
            ) from problem


def _end_with_us() -> None:
    """A simulator whose command was killed would keep its port, and answer for the next one."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _own_port(key: str) -> int:
    return (urlsplit(settings.SITE_ORIGIN).port or 8000) + FIRST_PORT + KEYS.index(key)


def _origin(key: str, port: int) -> str:
    return f"http://{key.replace('_', '-')}.localhost:{port}"


def _program(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "8", "--no-ws", "--log-level", "error"),
        "portal.sandboxes.partners.wsgi:application",
    ]


def _environment(options: Mapping[str, Any], port: int) -> dict[str, str]:
    """Nothing of the product's but a word of its own, so that keys stay as they are over a restart."""
    word = hmac.digest(settings.SECRET_KEY.encode(), b"simulator", hashlib.sha256).hex()
    passed = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH")
    return {name: os.environ[name] for name in passed if name in os.environ} | {
        "DJANGO_SETTINGS_MODULE": "portal.sandboxes.partners.settings",
        "READMIT_MODE": "development",
        "READMIT_SIMULATOR": options["key"],
        "READMIT_SIMULATOR_ORIGIN": _origin(options["key"], port),
        "READMIT_SIMULATOR_TLS_PORT": str(port + TLS_ABOVE),
        "READMIT_SIMULATOR_SCENARIO": options["scenario"],
        "READMIT_SIMULATOR_WEBHOOK_URL": options["webhook"],
        "READMIT_SIMULATOR_SECRET_KEY": word,
    }


def _wait(process: subprocess.Popen[bytes], port: int) -> dict[str, Any]:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        door = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            door.request("GET", "/control", headers={"Host": f"127.0.0.1:{port}"})
            found: dict[str, Any] = json.loads(door.getresponse().read())
            return found
        except (OSError, HTTPException, ValueError):
            time.sleep(0.05)
        finally:
            door.close()
    raise Unavailable("simulator_not_started", f"The simulator did not start. Is port {port} taken?")
