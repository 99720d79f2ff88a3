"""The broker in a folder that may be called anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.embedded import broker
from portal.embedded.data import DataFolder, Secrets
from portal.embedded.supervisor import Supervisor


@pytest.mark.parametrize("name", ["plain", "Daten für 'alle' \"$x\" \\ #1"])
def test_it_answers_and_keeps_its_file_there(tmp_path: Path, name: str) -> None:
    data = DataFolder(tmp_path / name)
    data.prepare()
    transport = broker.prepare(data, Secrets.fresh())
    if transport.service is None:
        pytest.fail("no broker came with the packages")
    supervisor = Supervisor(logs=data.logs, run=data.run, say=print)
    supervisor.start(transport.service)
    try:
        supervisor.wait_ready(["broker"], seconds=20)
    finally:
        supervisor.stop()
    assert (data.broker / "appendonlydir").is_dir()
