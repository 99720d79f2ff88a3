"""`manage.py up`: everything on this machine, from an empty folder to a page that answers."""

import argparse
import errno
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

from portal.embedded import broker, databases, environment, postgres, processes, services, steps, welcome
from portal.embedded.bytecode import keep_bytecode
from portal.embedded.data import REPOSITORY, DataFolder, Secrets, State
from portal.embedded.files import Progress, Trouble, locked
from portal.embedded.supervisor import Interrupted, Supervisor, interruptible, uninterrupted

PORT = 8000
FOUNDATION_SECONDS = postgres.RECOVERY_SECONDS
SERVICE_SECONDS = 120.0
NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def main(data: DataFolder, arguments: list[str], models: Path) -> int:
    """Start, print where everything is, keep it running until told to stop."""
    options = parse(arguments)
    say = Progress()
    data.prepare()
    # In a project that somebody else owns, the folder has only now become one that can be written.
    keep_bytecode(REPOSITORY, data.path, os.environ)
    with locked(
        data.lock,
        otherwise=f"Readmit already runs on {data.path}: stop it first, or name another folder with --data DIR.",
    ):
        supervisor = Supervisor(logs=data.logs, run=data.run, say=say)
        try:
            with interruptible():
                _start(supervisor, data, models, options, say)
                supervisor.watch()
        except Interrupted:
            say("Stopping.")
        finally:
            with uninterrupted():
                supervisor.stop()
    say("Stopped.")
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start everything on this machine.")
    parser.add_argument(
        "--port",
        type=_port,
        help=f"of the console, {PORT} unless the data folder has one; house partner and Stripe sandbox take the next two",
    )
    parser.add_argument(
        "--entra",
        action="store_true",
        help="with the simulator of Microsoft Entra Verified ID, on the port after the Stripe sandbox's",
    )
    parser.add_argument(
        "--graph",
        action="store_true",
        help="with the simulator of Microsoft Graph, on the port after the Entra simulator's",
    )
    parser.add_argument(
        "--okta",
        action="store_true",
        help="with the simulator of Okta, on the port after the Graph simulator's",
    )
    parser.add_argument("--no-demo", action="store_true", help="without the demonstration tenant")
    parser.add_argument("--data", metavar="DIR", help="the data folder (else READMIT_DATA, else .data)")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65530:
        raise argparse.ArgumentTypeError("a port is a number between 1 and 65530")
    return int(text)


def _start(
    supervisor: Supervisor, data: DataFolder, models: Path, options: argparse.Namespace, say: Progress
) -> None:
    for name in processes.end_leftovers(data.run):
        say(f"Ended {name}, left over from an earlier start.")
    port = port_of(data, options.port)
    for number in range(
        port, port + (6 if options.okta else 5 if options.graph else 4 if options.entra else 3)
    ):
        require_free(number)
    secrets = data.secrets_made()
    state = _start_foundations(supervisor, data, secrets, port, say)
    whole = environment.whole_environment(data, secrets, state, models)
    if options.entra:
        whole |= environment.entra_simulator(data, secrets, state)
    if options.graph:
        whole |= environment.graph_simulator(secrets, state)
    if options.okta:
        whole |= environment.okta_simulator(secrets, state)
    supervisor.start(services.vision(whole, state))
    _take_steps(data, secrets, whole, demonstration=not options.no_demo, say=say)
    say("Starting the worker, the house partner and the web server.")
    supervisor.start(services.worker(whole, data))
    supervisor.start(services.house(whole, data, state))
    supervisor.start(services.web(whole, state))
    supervisor.start(services.simulators(whole, data, state))
    serving = ["vision", "house", "web", "simulators"]
    if "READMIT_STRIPE_SANDBOX_ORIGIN" in whole:
        supervisor.start(services.stripe_sandbox(whole, state))
        serving.append("stripe")
    if options.entra:
        supervisor.start(services.entra_simulator(whole, state))
        serving.append("entra")
    if options.graph:
        supervisor.start(services.graph_simulator(whole, state))
        serving.append("graph")
    if options.okta:
        supervisor.start(services.okta_simulator(whole, state))
        serving.append("okta")
    asked = None if options.no_demo else welcome.ask_demonstration(whole)
    supervisor.wait_ready(serving, seconds=SERVICE_SECONDS)
    say("Everything is ready.")
    welcome.show(data, whole, port, asked)


def _start_foundations(
    supervisor: Supervisor, data: DataFolder, secrets: Secrets, port: int, say: Progress
) -> State:
    earlier = data.state() or State.unstarted(data)
    server = postgres.prepare(data, secrets, say=say, socket_folder=earlier.socket_folder)
    postgres.wait_until_gone(server)
    transport = broker.prepare(data, secrets, earlier_url=earlier.broker_url)
    say("Starting PostgreSQL and the broker.")
    supervisor.start(server.service())
    if transport.service:
        supervisor.start(transport.service)
        supervisor.wait_ready([transport.service.name], seconds=FOUNDATION_SECONDS)
    supervisor.wait_ready(["postgres"], seconds=FOUNDATION_SECONDS)
    databases.ensure_roles_and_databases(server.conninfo(), secrets)
    state = replace(
        earlier,
        port=port,
        broker_url=transport.url,
        socket_folder=str(server.socket_folder),
        vision_port=broker.free_port(earlier.vision_port),
        simulators_port=broker.free_port(earlier.simulators_port),
    )
    data.write_state(state)
    return state


def _take_steps(
    data: DataFolder, secrets: Secrets, whole: dict[str, str], *, demonstration: bool, say: Progress
) -> None:
    cluster = secrets.cluster_id
    product, house = environment.for_migration(whole), environment.for_house(whole, data)
    django = [sys.executable, "-m", "django"]
    collect = [*django, "collectstatic", "--no-input", "--verbosity", "0"]
    steps.run_together(
        [
            steps.Step(
                name="product",
                sentence="Preparing the product's database.",
                argv=[*django, "migrate", "--database=migrator", "--no-input"],
                env=product,
                digest=steps.of_migrations(cluster),
            ),
            steps.Step(
                name="house",
                sentence="Preparing the house partner's database.",
                argv=[*django, "migrate", "--no-input"],
                env=house,
                digest=steps.of_house_migrations(cluster),
            ),
            steps.Step(
                name="static",
                sentence="Collecting the static files.",
                argv=collect,
                env=product,
                digest=steps.of_static_files("portal"),
            ),
            steps.Step(
                name="static-house",
                sentence="Collecting the house partner's static files.",
                argv=collect,
                env=house,
                digest=steps.of_static_files("vendors/house"),
            ),
        ],
        data,
        say=say,
    )
    if demonstration:
        seed = steps.Step(
            name="demonstration",
            sentence="Making the demonstration tenant.",
            argv=[*django, "seed_demo"],
            env=product,
            digest=steps.of_demonstration(cluster),
        )
        steps.run_together([seed], data, say=say)


def port_of(data: DataFolder, asked: int | None) -> int:
    """The port of this folder. Hosts, DIDs and passkeys carry it, so it is decided by the first start."""
    earlier = data.state()
    if earlier is None:
        return asked or PORT
    if asked not in {None, earlier.port}:
        raise Trouble(
            f"{data.path} was made on port {earlier.port}, and its addresses, Verified IDs and passkeys carry it: "
            f"start it without --port, or port {asked} on a folder of its own with --data DIR."
        )
    return earlier.port


def require_free(port: int) -> None:
    """Somebody else's server on our port would receive our people."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            probe = socket.socket(family)
        except OSError:
            continue
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except PermissionError:
                raise Trouble(
                    f"Port {port} needs more rights than this user has: choose another with --port."
                ) from None
            except OSError as problem:
                if problem.errno in NO_SUCH_ADDRESS:
                    continue
                raise Trouble(
                    f"Port {port} is taken by another program: stop it, or choose another port with --port for a new "
                    f"data folder (the two after it are used as well)."
                ) from None
