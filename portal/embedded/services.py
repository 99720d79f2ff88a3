"""The processes of the product on one machine, and how each is asked whether it is ready."""

import json
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from portal.embedded import environment
from portal.embedded.data import REPOSITORY, DataFolder, State
from portal.embedded.supervisor import Service

LOOPBACK = "127.0.0.1"
# It ends what it has begun, and Celery itself waits up to three seconds in fixed pauses: on a busy machine that is more
# than the others need. Whatever is cut off after that is done again after the next start, only later.
WORKER_PATIENCE = 20.0
# Its own children have some seconds to end first.
SIMULATORS_PATIENCE = 9.0
# Above the site's port, and above those that `manage.py simulator` takes.
FIRST_SIMULATOR = 60


def vision(whole: Mapping[str, str], state: State) -> Service:
    return Service(
        name="vision",
        argv=[
            *(sys.executable, "-m", "vendors.facecheck.vision"),
            *("--host", LOOPBACK, "--port", str(state.vision_port)),
        ],
        env=environment.for_vision(whole),
        ready_probe=lambda: what_is_missing(state.vision_port, "/healthz", "localhost"),
        cwd=REPOSITORY,
    )


def worker(whole: Mapping[str, str], data: DataFolder) -> Service:
    return Service(
        name="worker",
        argv=[
            *(sys.executable, "-m", "celery", "-A", "portal.celery", "worker"),
            *("-c", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ],
        env=environment.for_worker(whole),
        cwd=REPOSITORY,
        patience=WORKER_PATIENCE,
    )


def house(whole: Mapping[str, str], data: DataFolder, state: State) -> Service:
    return Service(
        name="house",
        argv=_granian("vendors.house.wsgi:application", state.port + 1, workers=1),
        env=environment.for_house(whole, data),
        ready_probe=lambda: what_is_missing(state.port + 1, "/healthz", f"house.localhost:{state.port + 1}"),
        cwd=REPOSITORY,
    )


def web(whole: Mapping[str, str], state: State) -> Service:
    return Service(
        name="web",
        argv=_granian("portal.wsgi:application", state.port, workers=2),
        env=environment.for_web(whole),
        ready_probe=lambda: what_is_missing(state.port, "/readyz", f"localhost:{state.port}"),
        cwd=REPOSITORY,
    )


def stripe_sandbox(whole: Mapping[str, str], state: State) -> Service:
    """It stays one worker: whoever delivers its webhooks is a thread in it."""
    port = state.port + 2
    return Service(
        name="stripe",
        argv=_granian("portal.sandboxes.stripe.wsgi:application", port, workers=1, interface="wsgi"),
        env=environment.for_stripe_sandbox(whole),
        ready_probe=lambda: what_is_missing(port, "/healthz", f"stripe.localhost:{port}"),
        cwd=REPOSITORY,
    )


def entra_simulator(whole: Mapping[str, str], state: State) -> Service:
    """It stays one worker: whoever delivers its callbacks is a thread in it."""
    port = state.port + 3
    return Service(
        name="entra",
        argv=_granian("portal.sandboxes.entra.wsgi:application", port, workers=1, interface="wsgi"),
        env=environment.for_entra_simulator(whole),
        ready_probe=lambda: what_is_missing(port, "/healthz", f"entra.localhost:{port}"),
        cwd=REPOSITORY,
    )


def graph_simulator(whole: Mapping[str, str], state: State) -> Service:
    """It stays one worker: what it remembers is in its memory."""
    port = state.port + 4
    return Service(
        name="graph",
        argv=_granian("portal.sandboxes.graph.wsgi:application", port, workers=1, interface="wsgi"),
        env=environment.for_graph_simulator(whole),
        ready_probe=lambda: what_is_missing(port, "/healthz", f"graph.localhost:{port}"),
        cwd=REPOSITORY,
    )


def okta_simulator(whole: Mapping[str, str], state: State) -> Service:
    """It stays one worker: what it remembers is in its memory."""
    port = state.port + 5
    return Service(
        name="okta",
        argv=_granian("portal.sandboxes.okta.wsgi:application", port, workers=1, interface="wsgi"),
        env=environment.for_okta_simulator(whole),
        ready_probe=lambda: what_is_missing(port, "/healthz", f"okta.localhost:{port}"),
        cwd=REPOSITORY,
    )


def simulators(whole: Mapping[str, str], data: DataFolder, state: State) -> Service:
    """Starts the simulator of a partner when somebody asks for it in the console."""
    port = state.simulators_port
    return Service(
        name="simulators",
        argv=[
            *(sys.executable, "-m", "portal.embedded.simulators", "--port", str(port)),
            *("--first-port", str(state.port + FIRST_SIMULATOR), "--folder", data.simulators),
        ],
        env=environment.for_simulators(whole),
        ready_probe=lambda: what_is_missing(port, "/healthz", "localhost"),
        cwd=REPOSITORY,
        patience=SIMULATORS_PATIENCE,
    )


def _granian(application: str, port: int, *, workers: int, interface: str = "rsgi") -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", interface, "--host", LOOPBACK, "--port", str(port)),
        # Bodies on their way hold no thread (portal.kit.serving), so there may be many.
        *("--workers", str(workers), "--backlog", "1024", "--backpressure", "1024"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "4", "--no-ws", application),
    ]


def what_is_missing(port: int, path: str, host: str) -> str:
    """Empty when the address answers 200, else what it said."""
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        if answer.status == 200:
            return ""
        return f"port {port} answers {answer.status}{_waiting_for(answer.read(2000))}."
    except (OSError, HTTPException):
        return f"nothing answers on port {port} yet."
    finally:
        connection.close()


def _waiting_for(body: bytes) -> str:
    """The names in the answer of `/readyz`."""
    try:
        names = json.loads(body)["waiting_for"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f", waiting for {', '.join(map(str, names))}"
