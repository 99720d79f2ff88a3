"""What the web processes import must not bring OpenCV with it, or what few of them ever need: each would weigh a third
more, and every start would wait for it."""

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
ADDRESSES = f"{WEB}; import portal.urls.site, portal.urls.tenant, portal.urls.wallet"
ARRAYS, NETWORKS, PROVISIONING, CHINESE = "numpy", ("cv2", "onnxruntime"), "scim2_models", "pypinyin"
HOUSE = (
    "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.house.settings'; django.setup();"
    "import vendors.house.urls, vendors.house.vision_process"
)


@pytest.mark.parametrize(
    ("imports", "heavy"),
    [
        *(pytest.param(f"import {name}", (*NETWORKS, ARRAYS), id=name.rpartition(".")[2]) for name in LIGHT),
        pytest.param(WEB, (*NETWORKS, ARRAYS), id="web"),
        pytest.param(HOUSE, (*NETWORKS, ARRAYS), id="house"),
        pytest.param(ADDRESSES, (*NETWORKS, PROVISIONING, CHINESE), id="addresses"),
    ],
)
def test_a_web_process_does_not_load_what_is_heavy(imports: str, heavy: tuple[str, ...]) -> None:
    found = f"sorted(set({heavy!r}) & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}; print({found})"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.stdout.strip().splitlines()[-1:] == ["[]"], loaded.stderr
