"""What the web processes import of the engine must not bring OpenCV with it: each of them would weigh a third more."""

import subprocess
import sys

import pytest

LIGHT = (
    "vendors.facecheck.engine.liveness.challenge",
    "vendors.facecheck.engine.calibration",
    "vendors.facecheck.engine.pictures",
    "vendors.facecheck.vision.client",
)
WEB = (
    "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings'; django.setup();"
    "import vendors.facecheck.services, portal.demo.services"
)
HOUSE = (
    "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.house.settings'; django.setup();"
    "import vendors.house.urls, vendors.house.vision_process"
)


@pytest.mark.parametrize(
    "imports",
    [*(f"import {name}" for name in LIGHT), WEB, HOUSE],
    ids=[*(name.rpartition(".")[2] for name in LIGHT), "web", "house"],
)
def test_a_web_process_does_not_load_opencv(imports: str) -> None:
    heavy = "sorted({'cv2', 'numpy', 'onnxruntime'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}; print({heavy})"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.stdout.strip().splitlines()[-1:] == ["[]"], loaded.stderr
