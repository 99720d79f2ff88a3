"""The data folder: where it is, what lies in it, and the secrets it is given once."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from portal.embedded.files import Trouble, write_atomically

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLE = "READMIT_DATA"
SECRET_BYTES = 32
WORD_BYTES = 40  # Django asks for more than fifty characters in a secret key


@dataclass(frozen=True)
class Secrets:
    """Made once for a data folder, never changed by us; losing the file loses what was sealed under it."""

    cluster_id: str
    secret_key: str
    root_key: str
    pass_key: str
    digest_key: str
    audit_key: str
    vision_token: str
    broker_password: str
    superuser_password: str
    migrator_password: str
    web_password: str
    ops_password: str
    house_password: str
    house_registration_token: str
    house_secret_key: str
    house_root_key: str

    @classmethod
    def fresh(cls) -> "Secrets":
        """New values from the system's source of randomness: keys in base64, words safe in any URL."""
        keys = {"root_key", "pass_key", "digest_key", "audit_key", "house_root_key"}
        made = {
            field.name: _key() if field.name in keys else secrets.token_urlsafe(WORD_BYTES)
            for field in fields(cls)
        }
        return cls(**(made | {"cluster_id": secrets.token_hex(6)}))


@dataclass(frozen=True)
class State:
    """Where the running services answer; rewritten by every start, read by commands beside it."""

    port: int
    broker_url: str
    socket_folder: str
    vision_port: int
    simulators_port: int = 0  # folders that were made before there were any know of none

    @classmethod
    def unstarted(cls, data: "DataFolder") -> "State":
        """For a folder nothing was started on yet: addresses where nobody answers."""
        return cls(8000, "filesystem://", str(data.path / "postgres" / "socket"), 0)


@dataclass(frozen=True)
class DataFolder:
    """Paths inside one data folder."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def simulators(self) -> Path:
        return self.path / "simulators"

    @property
    def stamps(self) -> Path:
        return self.path / "stamps"

    @property
    def broker(self) -> Path:
        return self.path / "broker"

    @property
    def queue(self) -> Path:
        return self.path / "queue"

    @property
    def static(self) -> Path:
        return self.path / "static"

    @property
    def house_static(self) -> Path:
        return self.path / "static-house"

    @property
    def lock(self) -> Path:
        return self.path / "up.lock"

    def prepare(self) -> None:
        """Make the folders. Root lets other users pass through (not look), for PostgreSQL runs as one of them."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (
                self.logs,
                self.run,
                self.stamps,
                self.broker,
                self.queue,
                self.static,
                self.house_static,
            ):
                folder.mkdir(mode=0o700, exist_ok=True)
            (self.path / f".writable.{os.getpid()}").touch()
            (self.path / f".writable.{os.getpid()}").unlink()
        except OSError as problem:
            raise Trouble(
                f"The data folder {self.path} cannot be written ({problem.strerror}): "
                f"name another with --data DIR, or change its owner."
            ) from problem

    def secrets(self) -> Secrets | None:
        """The secrets of this folder, or None before the first start."""
        text = _read(self.path / "secrets.json")
        if text is None:
            return None
        try:
            return Secrets(**json.loads(text))
        except (ValueError, TypeError) as problem:
            raise Trouble(
                f"{self.path / 'secrets.json'} does not hold the secrets this version expects: "
                f"put the right file back, or start on an empty folder with --data DIR."
            ) from problem

    def secrets_made(self) -> Secrets:
        """The secrets of this folder, made now if it has none. Called under the lock of the folder."""
        held = self.secrets()
        if held is None:
            held = Secrets.fresh()
            write_atomically(self.path / "secrets.json", json.dumps(asdict(held), indent=1))
        return held

    def state(self) -> State | None:
        text = _read(self.path / "state.json")
        try:
            return State(**json.loads(text)) if text else None
        except (ValueError, TypeError):
            return None

    def write_state(self, state: State) -> None:
        write_atomically(self.path / "state.json", json.dumps(asdict(state), indent=1))


def data_folder(named: str | None, environ: Mapping[str, str]) -> DataFolder:
    """`--data`, else READMIT_DATA, else `.data` beside manage.py."""
    return DataFolder(Path(named or environ.get(VARIABLE) or REPOSITORY / ".data").expanduser().absolute())


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as problem:
        raise Trouble(f"{path} belongs to another user: run this command as that user.") from problem
