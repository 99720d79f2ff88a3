"""What the walk says before it begins."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command


def test_a_folder_that_takes_no_pictures_is_said_before_the_walk_begins(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("walk", "--json", "--out", str(tmp_path / "file"), stderr=said)
    assert caught.value.code == 2 and "name another folder with --out" in said.getvalue()
