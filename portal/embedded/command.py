"""Which command goes where. Runs on a bare Python until it has put itself into the virtual environment."""

import os
import sys
from collections.abc import MutableMapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

from portal.embedded.bytecode import keep_bytecode
from portal.embedded.chromium import ensure_driver
from portal.embedded.data import REPOSITORY, VARIABLE, DataFolder, Secrets, State, data_folder
from portal.embedded.files import Progress, Trouble, locked, missing_library
from portal.embedded.install import ensure_installed, inside
from portal.embedded.materials import MaterialsError, ensure_models, ensure_photographs, models_there
from portal.embedded.telling import JSON, told_in_json

USAGE = """\
Readmit: account recovery without a help desk.

  python3 manage.py up [--port 8000] [--data DIR] [--no-demo]   start everything on this machine
  python3 manage.py test [pytest's arguments]                   run the tests
  python3 manage.py install [--tests]                           only make the environment, start nothing
  python3 manage.py run PROGRAM [arguments]                     a program of the environment, with our variables
  python3 manage.py help                                        all other commands
"""
# They drive a browser, so they need what the tests need.
WITH_TEST_PACKAGES = frozenset({"test", "walk"})
ON_ONE_MACHINE = frozenset({"up", "test", "install"})
NOT_OURS_TO_TELL = ON_ONE_MACHINE | {"run"}
UNREACHABLE = UNREADABLE = 2
# What these do by hand, `up` would otherwise believe undone or still done.
UNDOING = {
    "migrate": ("product", "house", "demonstration"),
    "flush": ("demonstration",),
    "collectstatic": ("static", "static-house"),
    "seed_demo": ("demonstration",),
}


class Unreachable(Trouble):
    """The database does not answer, or the data folder is closed to us, so nothing could be found out."""


class Unusable(Trouble):
    """What was typed is no command of ours."""


class _Module(Protocol):
    def main(self, data: DataFolder, arguments: list[str], models: Path) -> int: ...


def run(argv: list[str]) -> int:
    """Do what the command line says; the answer is the exit code."""
    if len(argv) < 2 or argv[1] in {"-h", "--help"}:
        print(USAGE)
        return 0
    if JSON in argv and argv[1] not in NOT_OURS_TO_TELL:
        return told_in_json(lambda: _tried(argv))
    return _tried(argv)


def _tried(argv: list[str]) -> int:
    try:
        return _run(argv)
    except (Unreachable, Unusable) as problem:
        print(f"{problem}", file=sys.stderr)
        return UNREACHABLE
    except (Trouble, MaterialsError) as problem:
        print(f"{problem}", file=sys.stderr)
        return 1
    except ImportError as problem:
        sentence = missing_library(str(problem))
        if not sentence:
            raise
        print(sentence.strip(), file=sys.stderr)
        return 1 if argv[1] in ON_ONE_MACHINE else UNREACHABLE
    except UnicodeEncodeError:
        if _are_text(argv):
            raise
        print("An argument is no text in UTF-8.", file=sys.stderr)
        return UNREADABLE
    except KeyboardInterrupt:
        return 130


def _are_text(argv: list[str]) -> bool:
    """Bytes that are no UTF-8 come as halves of characters, which no database takes. A file may be called that."""
    return not any("\ud800" <= letter <= "\udfff" for argument in argv for letter in argument)


def _run(argv: list[str]) -> int:
    # In production the environment is the operator's: nothing is installed, nothing is read from a folder.
    if os.environ.get("READMIT_MODE") == "production":
        return _in_production(argv)
    command = argv[1]
    named, rest = take_data_option(argv[1:])
    say = Progress(progress_stream(command, rest))
    tests = command in WITH_TEST_PACKAGES or rest == ["install", "--tests"]
    python = ensure_installed(tests=tests, say=say)
    data = data_folder(named, os.environ)
    keep_bytecode(REPOSITORY, data.path, os.environ)
    if not inside():
        say.hand_on()
        sys.stdout.flush()
        os.execv(python, [str(python), *argv])
    models = _materials(photographs=tests, say=say)
    if command in WITH_TEST_PACKAGES and (found := find_spec("playwright")) and found.origin:
        ensure_driver(Path(found.origin).with_name("driver") / "node", say=say)
    if command == "install":
        return 0
    if command in {"up", "test"}:
        module: _Module = import_module(f"portal.embedded.{'suite' if command == 'test' else 'up'}")
        say.hand_on()
        return module.main(data, rest[1:], models)
    for name in UNDOING.get(command, ()):
        (data.stamps / name).unlink(missing_ok=True)
    try:
        hand_over(data, models, os.environ)
    except Trouble as problem:
        raise Unreachable(str(problem)) from problem
    return _program(rest[1:]) if command == "run" else _django([argv[0], *rest])


def progress_stream(command: str, rest: list[str]) -> IO[str] | None:
    """Where progress is told; None is standard output. That of a door for operators holds its answer and nothing else, asked
    for in JSON or not."""
    return None if command in ON_ONE_MACHINE and JSON not in rest else sys.stderr


def _in_production(argv: list[str]) -> int:
    if argv[1] in ON_ONE_MACHINE:
        raise Trouble(
            f"`{argv[1]}` is for one machine in development and READMIT_MODE is production: "
            f"start granian, celery and the vision service as README says."
        )
    return _django(argv)


def take_data_option(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The value of `--data`, and the arguments without it; Django does not know it."""
    named, rest, waiting = None, [], False
    for argument in arguments:
        if waiting:
            named, waiting = argument, False
        elif argument == "--data":
            waiting = True
        elif argument.startswith("--data="):
            named = argument.removeprefix("--data=")
        else:
            rest.append(argument)
    if waiting or named == "":
        raise Unusable("--data needs the name of a folder.")
    return named, rest


def hand_over(data: DataFolder, models: Path, environ: MutableMapping[str, str]) -> None:
    """Give a command run by hand the variables of the data folder; what is set already is left alone.

    Without a data folder the keys are made up for this one process: commands that touch no database work.
    """
    environment = import_module("portal.embedded.environment")
    secrets = data.secrets() or Secrets.fresh()
    state = data.state() or State.unstarted(data)
    for name, value in environment.whole_environment(data, secrets, state, models).items():
        environ.setdefault(name, value)
    environ[VARIABLE] = str(data.path)


def _materials(*, photographs: bool, say: Progress) -> Path:
    venv = REPOSITORY / ".venv"
    # Without the lock, which several commands at once would only hold up each other with.
    there = None if photographs else models_there(venv)
    if there is not None:
        return there
    with locked(REPOSITORY, waiting=lambda: say("Another start is fetching the models; waiting for it.")):
        models = ensure_models(venv, say=say)
        if photographs:
            os.environ.setdefault("READMIT_PHOTOGRAPHS", str(ensure_photographs(venv, say=say)))
    return models


def _program(arguments: list[str]) -> int:
    """Become a program of the virtual environment (a type checker that reads the settings, for example)."""
    if not arguments:
        raise Unusable("run needs the name of a program of the virtual environment.")
    program = Path(sys.executable).with_name(arguments[0])
    if not program.exists():
        raise Unusable(f"{program} does not exist.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    sys.stdout.flush()
    os.execv(program, [str(program), *arguments[1:]])


def _django(argv: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    unreachable = import_module("django.db").OperationalError
    try:
        _utility(argv).execute()
    except unreachable as problem:
        if "connection" not in str(problem):
            raise
        folder = os.environ.get(VARIABLE, "")
        said = str(problem).strip().splitlines()[-1].strip().rstrip(".")
        raise Unreachable(
            f"The database does not answer ({said}): start `python3 manage.py up` (data folder {folder}) first."
        ) from problem
    return 0


def _utility(argv: list[str]) -> Any:
    """Django's own, which only ends with the code of a refusal where there is no such command."""
    management = import_module("django.core.management")
    utility = management.ManagementUtility(argv)
    fetch = utility.fetch_command

    def fetch_command(name: str) -> Any:
        known = management.get_commands()
        if name in known:
            return fetch(name)
        near = ", ".join(get_close_matches(name, known, 3))
        told = f"There is no command {name}: `python3 manage.py help` lists them"
        raise Unusable(f"{told}; near to it: {near}." if near else f"{told}.")

    utility.fetch_command = fetch_command
    return utility
