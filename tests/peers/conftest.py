"""A served tenant with an authority, and the peers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_tenant
from tests.peers import installed
from tests.peers.serving import Served, free_port, plain_origins, served, shared_origins

Wallet = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, turn: ExitStack) -> Served:
    port = free_port()
    log = tmp_path_factory.mktemp("peers") / "server.log"
    return turn.enter_context(served(port, plain_origins(port), log))


@pytest.fixture
def authority(server: Served) -> Iterator[Tenant]:
    with shared_origins(server.origins):
        tenant = make_tenant()
        with tenant_scope(tenant.id):
            turn_on_verified_id(actor=SYSTEM)
        yield tenant


@pytest.fixture(scope="session")
def node() -> Path:
    return installed.node_folder()


@pytest.fixture
def wallet(node: Path) -> Wallet:
    """`wallet({"verb": "accept", …}, …)`: one run of the peer with a fresh key; `answers` and the requests it `seen`."""

    def run(*steps: dict[str, Any]) -> dict[str, Any]:
        script = Path(__file__).parent / "node" / "wallet.mjs"
        done = subprocess.run(
            ["node", str(script), str(node)],
            input=json.dumps({"steps": steps}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    return run


@pytest.fixture
def verifiers() -> Iterator[Wallet]:
    """`verifiers(verb="ask", …)`: one peer for the test, which keeps its open request between calls."""
    script = Path(__file__).parent / "python" / "verifiers.py"
    process = subprocess.Popen(
        [str(installed.python_peer()), str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def ask(**members: Any) -> dict[str, Any]:
        stdin.write(json.dumps(members) + "\n")
        stdin.flush()
        said: dict[str, Any] = json.loads(stdout.readline())
        return said

    yield ask
    stdin.close()
    process.wait(10)
    stdout.close()
