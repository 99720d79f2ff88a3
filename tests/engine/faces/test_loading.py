"""The engine's networks are read by one thread at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest

from vendors.facecheck.engine import models


def test_two_threads_never_read_networks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that is read while another fills OpenCV's tables finds layers missing that are not."""
    read, inside, met = cv2.dnn.readNetFromTFLite, threading.Lock(), []

    def watched(path: str) -> object:
        alone = inside.acquire(blocking=False)
        met.append(alone)
        try:
            return read(path)
        finally:
            if alone:
                inside.release()

    monkeypatch.setattr(cv2.dnn, "readNetFromTFLite", watched)
    folder, begun = models.models_folder(), threading.Barrier(4)

    def load(_number: int) -> models.Models:
        begun.wait()
        return models._load(folder)

    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(load, range(4)))
    assert met == [True] * 4
    assert len({id(each.mesh) for each in loaded}) == 4
    assert len({id(each.recogniser) for each in loaded}) == 1
