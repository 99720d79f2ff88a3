"""What a person reads when everything is up: where to go, how to sign in, how to stop."""

import getpass
import json
import socket
import subprocess
import sys
from collections.abc import Mapping

from portal.embedded import environment
from portal.embedded.data import REPOSITORY, DataFolder


def ask_demonstration(whole: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Begin `manage.py demo --json`, which knows the demonstration tenant's addresses and sign-in."""
    return subprocess.Popen(
        [sys.executable, "-m", "django", "demo", "--json"],
        env=environment.for_migration(whole),
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def show(
    data: DataFolder, whole: Mapping[str, str], port: int, asked: "subprocess.Popen[str] | None"
) -> None:
    """Print the addresses, with the demonstration's among them."""
    rows = [
        ("Console", f"{whole['READMIT_SITE_ORIGIN']}/"),
        *(_demonstration(asked) if asked else []),
        ("Mailbox", f"{whole['READMIT_SITE_ORIGIN']}/mailbox/"),
        ("Wallet", f"{whole['READMIT_WALLET_ORIGIN']}/"),
        ("House partner", f"{whole['READMIT_HOUSE_ORIGIN']}/"),
        *_sandboxes(whole),
        ("Data and logs", str(data.path)),
        ("From another machine", _tunnel(port, whole)),
        ("Stop", "Ctrl-C"),
    ]
    width = max(len(name) for name, _ in rows)
    print()
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    print(flush=True)


def _demonstration(asked: "subprocess.Popen[str]") -> list[tuple[str, str]]:
    printed, complained = asked.communicate()
    if asked.returncode:
        said = complained.strip().splitlines() or ["it said nothing"]
        return [("Demonstration", f"manage.py demo failed: {said[-1]}")]
    found = json.loads(printed)
    return [
        ("Sign in there with", f"{found['staff']['email']}  {found['staff']['password']}"),
        ("Recover an account", f"{found['hosted']}   (try it with your own face: {found['try_it']})"),
        ("A demonstration person", f"{found['people'][0]['username']}   (more: manage.py demo)"),
    ]


def _sandboxes(whole: Mapping[str, str]) -> list[tuple[str, str]]:
    named = {
        "Stripe sandbox": "READMIT_STRIPE_SANDBOX_ORIGIN",
        "Entra simulator": "READMIT_ENTRA_SIMULATOR_ORIGIN",
        "Graph simulator": "READMIT_GRAPH_SIMULATOR_ORIGIN",
        "Okta simulator": "READMIT_OKTA_SIMULATOR_ORIGIN",
    }
    return [(name, f"{whole[variable]}/") for name, variable in named.items() if variable in whole]


def _tunnel(port: int, whole: Mapping[str, str]) -> str:
    host = socket.gethostname() or "this-machine"
    used = 4 if "READMIT_ENTRA_SIMULATOR_ORIGIN" in whole else 3
    used = 5 if "READMIT_GRAPH_SIMULATOR_ORIGIN" in whole else used
    used = 6 if "READMIT_OKTA_SIMULATOR_ORIGIN" in whole else used
    forwards = " ".join(f"-L {number}:127.0.0.1:{number}" for number in range(port, port + used))
    return f"ssh {forwards} {_user()}@{host}   (then open the same addresses there)"


def _user() -> str:
    """Whoever runs this; their home may be called anything."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "you"
